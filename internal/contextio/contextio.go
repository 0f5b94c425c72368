// Package contextio makes reading end with a context, where what is read knows none.
package contextio

import (
	"context"
	"io"
)

// Reader returns a reader of r whose Read gives the context's error once ctx is over. A Read that has begun is not cut off.
func Reader(ctx context.Context, r io.Reader) io.Reader { return reader{ctx, r} }

type reader struct {
	ctx context.Context
	r   io.Reader
}

func (c reader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
