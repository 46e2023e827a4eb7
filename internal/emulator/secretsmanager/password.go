package secretsmanager

import (
	"context"
	"crypto/rand"
	"math/big"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// The kinds of characters of passwords.
const (
	lowers      = "abcdefghijklmnopqrstuvwxyz"
	uppers      = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits      = "0123456789"
	punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	usualLength = 32
)

// GetRandomPassword draws a password.
func (s *Service) GetRandomPassword(_ context.Context, in *secretsmanager.GetRandomPasswordInput) (*secretsmanager.GetRandomPasswordOutput, error) {
	length := int64(usualLength)
	if in.PasswordLength != nil {
		length = *in.PasswordLength
	}
	var kinds []string
	for _, k := range []struct {
		letters string
		without bool
	}{
		{lowers, value(in.ExcludeLowercase)}, {uppers, value(in.ExcludeUppercase)}, {digits, value(in.ExcludeNumbers)},
		{punctuation, value(in.ExcludePunctuation)}, {" ", !value(in.IncludeSpace)},
	} {
		if k.without {
			continue
		}
		kept := strings.Map(func(r rune) rune {
			if strings.ContainsRune(value(in.ExcludeCharacters), r) {
				return -1
			}
			return r
		}, k.letters)
		if kept != "" {
			kinds = append(kinds, kept)
		}
	}
	all := strings.Join(kinds, "")
	each := in.RequireEachIncludedType == nil || *in.RequireEachIncludedType
	switch {
	case all == "":
		return nil, invalidParameter("The password has no characters: all of them are excluded.")
	case each && length < int64(len(kinds)):
		return nil, invalidParameter("The password length %d is too short to include each of the %d required types of characters.", length, len(kinds))
	}
	out := make([]byte, length)
	for i := range out {
		from := all
		if each && i < len(kinds) { // one of each kind, which is then shuffled
			from = kinds[i]
		}
		n, err := draw(len(from))
		if err != nil {
			return nil, err
		}
		out[i] = from[n]
	}
	for i := len(out) - 1; i > 0; i-- {
		j, err := draw(i + 1)
		if err != nil {
			return nil, err
		}
		out[i], out[j] = out[j], out[i]
	}
	return &secretsmanager.GetRandomPasswordOutput{RandomPassword: ptr(string(out))}, nil
}

// draw returns a number below n.
func draw(n int) (int, error) {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, err
	}
	return int(v.Int64()), nil
}
