package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/digitorus/timestamp"
)

// timestampPatience is how long an authority may take: a checkpoint or a bundle is waiting for it.
const timestampPatience = 20 * time.Second

// Authority gives timestamps (RFC 3161) over HTTP. It is not safe for concurrent use, as OpenTimestamp is not.
type Authority struct {
	url    string
	policy asn1.ObjectIdentifier
	roots  *TimestampRoots
	http   *http.Client
}

// NewAuthority returns the authority at url, trusted by roots. Policy is the object identifier of the policy to ask for; empty
// leaves it to the authority. Client sends the requests.
func NewAuthority(address, policy string, roots *TimestampRoots, client *http.Client) (*Authority, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New("timestamp authority: want the url of one, http or https, without a user in it")
	}
	a := &Authority{url: address, roots: roots, http: client}
	if policy != "" {
		if a.policy, err = parseOID(policy); err != nil {
			return nil, fmt.Errorf("timestamp authority: policy %q: %w", policy, err)
		}
	}
	if roots == nil {
		return nil, errors.New("timestamp authority: no certificates to check its timestamps with")
	}
	return a, nil
}

func parseOID(text string) (asn1.ObjectIdentifier, error) {
	var oid asn1.ObjectIdentifier
	for _, digits := range strings.Split(text, ".") {
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != digits {
			return nil, errors.New("want an object identifier such as 1.3.6.1.4.1.311")
		}
		oid = append(oid, int(n))
	}
	if _, err := asn1.Marshal(oid); err != nil {
		return nil, errors.New("want an object identifier such as 1.3.6.1.4.1.311")
	}
	return oid, nil
}

// Stamp asks for a timestamp of b, checks the answer, and returns it as it was received: a TimeStampResp in DER, for a file that
// OpenTimestamp and "openssl ts -verify" read. An answer that does not verify wraps ErrTimestamp. Only the SHA-256 of b is sent.
func (a *Authority) Stamp(ctx context.Context, b []byte) ([]byte, Timestamp, error) {
	ctx, cancel := context.WithTimeout(ctx, timestampPatience)
	defer cancel()
	// 64 bits that nobody can guess: the answer cannot have been made before the question.
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, Timestamp{}, fmt.Errorf("ask for a timestamp: %w", err)
	}
	sum := sha256.Sum256(b)
	request, err := (&timestamp.Request{
		HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Certificates: true, Nonce: nonce, TSAPolicyOID: a.policy,
	}).Marshal()
	if err != nil {
		return nil, Timestamp{}, fmt.Errorf("ask for a timestamp: %w", err)
	}
	response, err := a.ask(ctx, request)
	if err != nil {
		return nil, Timestamp{}, fmt.Errorf("ask for a timestamp: %w", err)
	}
	at, err := OpenTimestamp(response, b, a.roots)
	if err == nil {
		err = a.checkAnswer(response, nonce)
	}
	if err != nil {
		return nil, Timestamp{}, fmt.Errorf("ask for a timestamp: answer of %s: %w", a.url, err)
	}
	return response, at, nil
}

// checkAnswer wants what only this request asked for.
func (a *Authority) checkAnswer(response []byte, nonce *big.Int) error {
	ts, err := timestamp.ParseResponse(response)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	if ts.Nonce == nil || ts.Nonce.Cmp(nonce) != 0 {
		return fmt.Errorf("%w: its nonce is not the one that was sent: it answers another request", ErrTimestamp)
	}
	if a.policy != nil && !ts.Policy.Equal(a.policy) {
		return fmt.Errorf("%w: policy: got %s, want %s", ErrTimestamp, ts.Policy, a.policy)
	}
	return nil
}

// ask sends a request. Source: RFC 3161, section 3.4.
func (a *Authority) ask(ctx context.Context, request []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	r.Header.Set("Accept", "application/timestamp-reply")
	answer, err := a.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", a.url, answer.Status)
	}
	if kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err != nil || kind != "application/timestamp-reply" {
		return nil, fmt.Errorf("%s answers with content of type %q, want application/timestamp-reply: it may be no timestamp authority", a.url, answer.Header.Get("Content-Type"))
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, MaxTimestampBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: read answer: %w", a.url, err)
	}
	return b, nil
}
