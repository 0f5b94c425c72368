package collectortest

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Waits takes the place of waiting between two attempts: it takes no time, and remembers how long it would have been. It is safe for
// concurrent use; the zero value is ready.
type Waits struct {
	mu  sync.Mutex
	all []time.Duration
}

// Sleep returns at once, with the context's error if it is over.
func (w *Waits) Sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, d)
	return ctx.Err()
}

// All returns the waits so far, in order.
func (w *Waits) All() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}
