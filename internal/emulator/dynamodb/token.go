package dynamodb

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// tokenLife is how long a ClientRequestToken stands for its request.
const tokenLife = 10 * time.Minute

// A claim is a transaction's ClientRequestToken that has been used.
type claim struct {
	Request [sha256.Size]byte
	At      time.Time
}

// claim notes the request's token, in the commit of the transaction itself, and
// reports whether the same request has been carried out under it before.
func (s *Service) claim(ctx context.Context, tx *store.Tx, token *string, steps []step) (again bool, err error) {
	if token == nil {
		return false, nil
	}
	hash := sha256.New()
	for i := range steps {
		hash.Write(steps[i].digest)
	}
	c := claim{At: s.now()}
	hash.Sum(c.Request[:0])
	s.forget(tx, c.At)
	key := env.ScopeOf(ctx).Key(*token)
	old, ok := s.claims.Get(tx, key)
	switch live := ok && c.At.Sub(old.At) < tokenLife; {
	case live && old.Request == c.Request:
		return true, nil
	case live:
		return false, &types.IdempotentParameterMismatchException{Message: aws.String("The request contains a ClientRequestToken that was already used with other parameters")}
	}
	s.claims.Put(tx, key, c)
	return false, nil
}

// forget deletes the tokens that have expired, once in their lifetime. It is
// called by transactions, which run one at a time.
func (s *Service) forget(tx *store.Tx, now time.Time) {
	if now.Sub(s.forgot) < tokenLife {
		return
	}
	s.forgot = now
	var expired []string
	for key, old := range s.claims.From(tx, "") {
		if now.Sub(old.At) >= tokenLife {
			expired = append(expired, key)
		}
	}
	for _, key := range expired {
		s.claims.Delete(tx, key)
	}
}

// digest identifies what a step asks for.
func digest(name *string, kind stepKind, key, item expr.Item, names map[string]string, values map[string]types.AttributeValue, sources []source) ([]byte, error) {
	read, err := itemOf(values)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(sources))
	for i, src := range sources {
		texts[i] = src.member + aws.ToString(src.text)
	}
	return json.Marshal([]any{aws.ToString(name), kind, encodeItem(key), encodeItem(item), names, encodeItem(read), texts})
}
