package secretsmanager

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// ListSecrets returns what there is to know of secrets, in the order of their creation
// where nobody asks for another.
func (s *Service) ListSecrets(ctx context.Context, in *secretsmanager.ListSecretsInput) (*secretsmanager.ListSecretsOutput, error) {
	by := map[types.SortByType]func(a, b secret) int{
		types.SortByTypeCreatedDate:      func(a, b secret) int { return a.Created.Compare(b.Created) },
		types.SortByTypeLastAccessedDate: func(a, b secret) int { return a.Accessed.Compare(b.Accessed) },
		types.SortByTypeLastChangedDate:  func(a, b secret) int { return a.Changed.Compare(b.Changed) },
		types.SortByTypeName:             func(a, b secret) int { return strings.Compare(a.Name, b.Name) },
	}[cmp.Or(in.SortBy, types.SortByTypeCreatedDate)]
	order := by
	if in.SortOrder == types.SortOrderTypeDesc {
		order = func(a, b secret) int { return by(b, a) }
	}
	out := &secretsmanager.ListSecretsOutput{SecretList: []types.SecretListEntry{}}
	var err error
	out.NextToken, err = s.page(ctx, in.NextToken, in.MaxResults, 100, in.Filters, value(in.IncludePlannedDeletion), order, func(x *secret) {
		e := types.SecretListEntry{
			ARN: &x.ARN, CreatedDate: &x.Created, DeletedDate: moment(x.Ends), Description: optional(x.Description), KmsKeyId: optional(x.Key),
			LastAccessedDate: moment(x.Accessed), LastChangedDate: &x.Changed, Name: &x.Name, Tags: tags(x.Tags), SecretVersionsToStages: x.stages(),
		}
		if r := x.Rotation; r != nil {
			e.RotationEnabled, e.RotationLambdaARN, e.RotationRules = &r.Enabled, optional(r.Function), r.rules()
			e.LastRotatedDate, e.NextRotationDate = moment(r.Last), moment(r.Next)
		}
		out.SecretList = append(out.SecretList, e)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// page goes over the secrets that pass the filters, from a token on and so many as are
// asked for, and returns the token of what is left. A token is the number of secrets
// that went before.
func (s *Service) page(ctx context.Context, token *string, limit *int32, usual int, filters []types.Filter, deleted bool, order func(a, b secret) int, take func(*secret)) (next *string, err error) {
	from := 0
	if token != nil {
		text, err := base64.RawURLEncoding.DecodeString(*token)
		if err == nil {
			from, err = strconv.Atoi(string(text))
		}
		if err != nil || from < 0 {
			return nil, badToken()
		}
	}
	for _, f := range filters {
		if f.Key == "" || len(f.Values) == 0 {
			return nil, invalidParameter("Invalid filter values for key: %s", f.Key)
		}
	}
	if limit != nil {
		usual = int(*limit)
	}
	var all []secret
	err = s.env.Store.View(func(tx *store.Tx) error {
		for _, x := range s.secrets.Prefix(tx, env.ScopeOf(ctx).Key("")) {
			if !s.ended(&x) && (deleted || x.Ends.IsZero()) && x.passes(filters) {
				all = append(all, x)
			}
		}
		return nil
	})
	if order != nil {
		slices.SortStableFunc(all, order)
	}
	to := min(len(all), from+usual)
	for i := min(from, to); i < to; i++ {
		take(&all[i])
	}
	if to < len(all) {
		next = ptr(base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to))))
	}
	return next, err
}

// passes tells whether a secret passes every filter.
func (x *secret) passes(filters []types.Filter) bool {
	for _, f := range filters {
		if !x.passesOne(f) {
			return false
		}
	}
	return true
}

// passesOne tells whether one of a filter's values fits, and none of those that begin
// with an exclamation mark.
func (x *secret) passesOne(f types.Filter) bool {
	asked, found := false, false
	for _, want := range f.Values {
		want, not := strings.CutPrefix(want, "!")
		has := x.has(f.Key, want)
		if not && has {
			return false
		}
		asked, found = asked || !not, found || !not && has
	}
	return found || !asked
}

// has tells whether what a filter is about begins with a text.
func (x *secret) has(key types.FilterNameStringType, want string) bool {
	begins := func(text string) bool { return strings.HasPrefix(text, want) }
	switch key {
	case types.FilterNameStringTypeName:
		return begins(x.Name)
	case types.FilterNameStringTypeDescription:
		want = strings.ToLower(want)
		return slices.ContainsFunc(append(words(x.Description), strings.ToLower(x.Description)), begins)
	case types.FilterNameStringTypeTagKey:
		return slices.ContainsFunc(x.Tags, func(t tag) bool { return begins(t.Key) })
	case types.FilterNameStringTypeTagValue:
		return slices.ContainsFunc(x.Tags, func(t tag) bool { return begins(t.Value) })
	case types.FilterNameStringTypePrimaryRegion:
		return false // no secret is replicated
	case types.FilterNameStringTypeOwningService:
		return false // no service makes secrets here
	}
	text := x.Name + " " + x.Description
	for _, t := range x.Tags {
		text += " " + t.Key + " " + t.Value
	}
	there := words(text)
	for _, w := range words(want) {
		if !slices.ContainsFunc(there, func(t string) bool { return strings.HasPrefix(t, w) }) {
			return false
		}
	}
	return true
}
