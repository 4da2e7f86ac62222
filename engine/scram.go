package engine

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/stringprep"

	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// A Verifier is what is kept of a password, as SCRAM-SHA-256 (RFC 5802 and 7677) has it: enough to check it, not to log in elsewhere.
type Verifier struct {
	Salt       []byte
	Iterations int
	StoredKey  []byte
	ServerKey  []byte
}

const (
	scramIterations = 4096 // RFC 7677's least, and PostgreSQL's
	scramSalt       = 16
	scramName       = "SCRAM-SHA-256$"
)

// newVerifier makes a verifier of a password, or takes one that was made elsewhere: the text that PostgreSQL keeps.
func newVerifier(password string) (Verifier, error) {
	if strings.HasPrefix(password, scramName) {
		return parseVerifier(password)
	}
	if password == "" {
		return Verifier{}, types.Errorf(types.CodeInvalidParameter, "the password is empty").WithHint("write PASSWORD 'something long'")
	}
	v := Verifier{Salt: make([]byte, scramSalt), Iterations: scramIterations}
	rand.Read(v.Salt)
	v.StoredKey, v.ServerKey = v.keys(password)
	return v, nil
}

// keys derives a password's keys. A password that SASLprep refuses is taken as it is, as PostgreSQL does.
func (v *Verifier) keys(password string) (stored, server []byte) {
	if p, err := stringprep.SASLprep.Prepare(password); err == nil {
		password = p
	}
	salted, err := pbkdf2.Key(sha256.New, password, v.Salt, v.Iterations, sha256.Size)
	if err != nil {
		panic("engine: PBKDF2 refuses its constants: " + err.Error())
	}
	client := sum(salted, "Client Key")
	digest := sha256.Sum256(client)
	return digest[:], sum(salted, "Server Key")
}

// matches reports whether the password is the verifier's. It takes the same time whatever the answer is.
func (v *Verifier) matches(password string) bool {
	stored, _ := v.keys(password)
	return subtle.ConstantTimeCompare(stored, v.StoredKey) == 1
}

func sum(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// String is PostgreSQL's text of a verifier: SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey.
func (v Verifier) String() string {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s%d:%s$%s:%s", scramName, v.Iterations, b64(v.Salt), b64(v.StoredKey), b64(v.ServerKey))
}

func parseVerifier(text string) (v Verifier, err error) {
	bad := types.Errorf(types.CodeInvalidParameter, "the SCRAM verifier is malformed").WithHint("it is SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey, as pg_authid.rolpassword has it; or write the password itself")
	first, second, ok := strings.Cut(strings.TrimPrefix(text, scramName), "$")
	iterations, salt, ok1 := strings.Cut(first, ":")
	stored, server, ok2 := strings.Cut(second, ":")
	if !ok || !ok1 || !ok2 {
		return v, bad
	}
	if v.Iterations, err = strconv.Atoi(iterations); err != nil || v.Iterations < 1 || v.Iterations > 1<<22 {
		return v, bad
	}
	for _, part := range []struct {
		to   *[]byte
		text string
	}{{&v.Salt, salt}, {&v.StoredKey, stored}, {&v.ServerKey, server}} {
		if *part.to, err = base64.StdEncoding.DecodeString(part.text); err != nil || len(*part.to) == 0 {
			return v, bad
		}
	}
	if len(v.StoredKey) != sha256.Size || len(v.ServerKey) != sha256.Size {
		return v, bad
	}
	return v, nil
}

// loadMock reads what mock verifiers are made of, and makes it in a new directory.
func (e *Engine) loadMock(v *storage.View) error {
	secret, err := v.Meta(metaMock)
	if err != nil || secret != nil {
		e.mock = secret
		return err
	}
	e.mock = make([]byte, sha256.Size)
	rand.Read(e.mock)
	b := e.db.NewBatch()
	b.PutMeta(metaMock, e.mock)
	return e.commit(b)
}

// mockVerifier stands for a user that does not exist: asked again it has the same salt, so that nobody learns who exists, and no password matches it.
func mockVerifier(secret []byte, user string) Verifier {
	salt := sum(secret, "salt of "+user)[:scramSalt]
	return Verifier{Salt: salt, Iterations: scramIterations, StoredKey: sum(secret, "stored key of "+user), ServerKey: bytes.Clone(sum(secret, "server key of "+user))}
}
