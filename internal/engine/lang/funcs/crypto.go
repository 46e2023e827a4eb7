package funcs

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"

	"github.com/google/uuid"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/gocty"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/ssh"
)

// digest writes the hash of some bytes as text.
type digest func([]byte) string

func md5Sum(b []byte) string    { s := md5.Sum(b); return hex.EncodeToString(s[:]) }
func sha1Sum(b []byte) string   { s := sha1.Sum(b); return hex.EncodeToString(s[:]) }
func sha256Sum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
func sha512Sum(b []byte) string { s := sha512.Sum512(b); return hex.EncodeToString(s[:]) }
func base64Sha256Sum(b []byte) string {
	s := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(s[:])
}
func base64Sha512Sum(b []byte) string {
	s := sha512.Sum512(b)
	return base64.StdEncoding.EncodeToString(s[:])
}

var (
	md5Hash      = hashString(md5Sum)
	sha1Hash     = hashString(sha1Sum)
	sha256Hash   = hashString(sha256Sum)
	sha512Hash   = hashString(sha512Sum)
	base64Sha256 = hashString(base64Sha256Sum)
	base64Sha512 = hashString(base64Sha512Sum)
)

func hashString(sum digest) function.Function {
	return stringFunc("str", func(s string) (string, error) { return sum([]byte(s)), nil })
}

var bcryptHash = function.New(&function.Spec{
	Params:       []function.Parameter{{Name: "str", Type: cty.String}},
	VarParam:     &function.Parameter{Name: "cost", Type: cty.Number},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		cost := bcrypt.DefaultCost
		switch {
		case len(args) > 2:
			return cty.UnknownVal(cty.String), function.NewArgErrorf(2, "bcrypt takes a string and at most one cost")
		case len(args) == 2:
			if err := gocty.FromCtyValue(args[1], &cost); err != nil {
				return cty.UnknownVal(cty.String), function.NewArgError(1, err)
			}
		}
		hash, err := bcrypt.GenerateFromPassword([]byte(args[0].AsString()), cost)
		if err != nil {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(1, "hashing: %s", err)
		}
		return cty.StringVal(string(hash)), nil
	},
})

var rsaDecrypt = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "ciphertext", Type: cty.String},
		{Name: "privatekey", Type: cty.String},
	},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		sealed, err := base64.StdEncoding.DecodeString(args[0].AsString())
		if err != nil {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(0, "this is not valid base64")
		}
		// Errors about the key are not quoted: they might show parts of it.
		key, err := ssh.ParseRawPrivateKey([]byte(args[1].AsString()))
		if err != nil {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(1, "this is not a private key in PEM form without a passphrase")
		}
		private, ok := key.(*rsa.PrivateKey)
		if !ok {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(1, "this is not an RSA key")
		}
		// What this function is for: the passwords of EC2 instances are sealed so.
		plain, err := rsa.DecryptPKCS1v15(rand.Reader, private, sealed) //nolint:staticcheck // see above
		if err != nil {
			return cty.UnknownVal(cty.String), function.NewArgErrorf(0, "this key does not decrypt it")
		}
		return cty.StringVal(string(plain)), nil
	},
})

var newUUID = function.New(&function.Spec{
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
		id, err := uuid.NewRandom()
		if err != nil {
			return cty.UnknownVal(cty.String), err
		}
		return cty.StringVal(id.String()), nil
	},
})

var uuidV5 = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "namespace", Type: cty.String},
		{Name: "name", Type: cty.String},
	},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		space, ok := map[string]uuid.UUID{
			"dns": uuid.NameSpaceDNS, "url": uuid.NameSpaceURL,
			"oid": uuid.NameSpaceOID, "x500": uuid.NameSpaceX500,
		}[args[0].AsString()]
		if !ok {
			var err error
			if space, err = uuid.Parse(args[0].AsString()); err != nil {
				return cty.UnknownVal(cty.String), function.NewArgErrorf(0, `it must be "dns", "url", "oid", "x500" or a UUID`)
			}
		}
		return cty.StringVal(uuid.NewSHA1(space, []byte(args[1].AsString())).String()), nil
	},
})
