package engine

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Secrets are values of connector options that nobody is to see: passwords. They are kept under AES-256-GCM with a key of its own file, so that a copy of the data directory
// without it, as a backup is, tells nothing. Whoever can read both files can read them: what the key protects from is backups, disks that are given away, and support bundles.

const metaSecret = "catalog/secret/" // + name -> secretRecord

// secretFile is the key's file in a data directory where Options.SecretKeyFile names none.
const secretFile = "SECRET_KEY"

// secretRecord is a value as it is kept; immutable.
type secretRecord struct {
	Name    string
	Nonce   []byte
	Sealed  []byte
	Created int64
}

// secretBytes bounds a value: certificates fit.
const secretBytes = 64 << 10

func (e *Engine) secretKeyFile() string {
	if f := e.options.SecretKeyFile; f != "" {
		return f
	}
	return filepath.Join(e.dir, secretFile)
}

// sealer reads the key; make makes one where there is none.
func (e *Engine) sealer(create bool) (cipher.AEAD, error) {
	path := e.secretKeyFile()
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		key, err = makeKey(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, types.Errorf(types.CodeBadFile, "the key of the secrets, %s, is missing", path).WithHint("put it back from where it is kept, or ALTER SECRET every secret anew after removing them")
	}
	if err != nil {
		return nil, types.Errorf(types.CodeBadFile, "the key of the secrets, %s, cannot be used: %v", path, err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

const keyBytes = 32

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("its mode is %04o, so that others can read it: chmod 600", mode)
	}
	key, err := os.ReadFile(path)
	if err == nil && len(key) != keyBytes {
		err = fmt.Errorf("it has %d bytes instead of %d", len(key), keyBytes)
	}
	return key, err
}

// makeKey makes a key and its file, which is whole and on disk when it returns.
func makeKey(path string) (key []byte, err error) {
	key = make([]byte, keyBytes)
	rand.Read(key)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return key, errors.Join(dir.Sync(), dir.Close())
}

// secret is a secret's value.
func (e *Engine) secret(name string) (string, error) {
	r := e.catalog.Load().secrets[name]
	if r == nil {
		return "", e.noSecret(name)
	}
	box, err := e.sealer(false)
	if err != nil {
		return "", err
	}
	value, err := box.Open(nil, r.Nonce, r.Sealed, []byte(metaSecret+name))
	if err != nil {
		return "", types.Errorf(types.CodeCorrupted, "secret %q was not kept under the key in %s", name, e.secretKeyFile()).WithHint("put the right key back, or ALTER SECRET %s AS '…'", name)
	}
	return string(value), nil
}

func (e *Engine) noSecret(name string) *types.Error {
	err := types.Errorf(types.CodeUndefinedObject, "secret %q does not exist", name)
	if near := plan.Nearest(name, slices.Sorted(maps.Keys(e.catalog.Load().secrets))); near != "" {
		return err.WithHint("did you mean %q?", near)
	}
	return err.WithHint("CREATE SECRET %s AS '…'", syntax.QuoteIdent(name))
}

// createSecret keeps a secret, or gives it another value, which sources take when they are read anew.
func (s *Session) createSecret(ctx context.Context, st *syntax.CreateSecret) error {
	e := s.eng
	if err := e.lockCatalog(); err != nil {
		return err
	}
	defer e.ddl.Unlock()
	c := e.catalog.Load()
	switch old := c.secrets[st.Name]; {
	case st.Alter && old == nil:
		return e.noSecret(st.Name).At(where(st.NamePos))
	case !st.Alter && old != nil && st.IfNotExists:
		e.notice(ctx, fmt.Sprintf("secret %q already exists, skipping", st.Name), "")
		return nil
	case !st.Alter && old != nil:
		return types.Errorf(types.CodeDuplicateObject, "secret %q already exists", st.Name).At(where(st.NamePos)).WithHint("ALTER SECRET %s AS '…' changes it", syntax.QuoteIdent(st.Name))
	case len(st.Value) > secretBytes:
		return types.Errorf(types.CodeInvalidParameter, "secret %q has %d bytes; at most %d can be kept", st.Name, len(st.Value), secretBytes).At(where(st.NamePos))
	}
	box, err := e.sealer(len(c.secrets) == 0)
	if err != nil {
		return err
	}
	r := &secretRecord{Name: st.Name, Nonce: make([]byte, box.NonceSize()), Created: e.options.Clock().UnixMicro()}
	rand.Read(r.Nonce)
	r.Sealed = box.Seal(nil, r.Nonce, []byte(st.Value), []byte(metaSecret+st.Name))
	b := e.db.NewBatch()
	putJSON(b, metaSecret+st.Name, r)
	if err := e.commit(b); err != nil {
		return err
	}
	next := c.clone()
	next.secrets[st.Name] = r
	e.catalog.Store(next)
	return nil
}

func (s *Session) dropSecret(ctx context.Context, st *syntax.DropSecret) error {
	e := s.eng
	if err := e.lockCatalog(); err != nil {
		return err
	}
	defer e.ddl.Unlock()
	c := e.catalog.Load()
	if c.secrets[st.Name] == nil {
		if st.IfExists {
			e.notice(ctx, fmt.Sprintf("secret %q does not exist, skipping", st.Name), "")
			return nil
		}
		return e.noSecret(st.Name).At(where(st.NamePos))
	}
	if users := c.usersOf(st.Name); len(users) > 0 {
		err := types.Errorf(types.CodeDependents, "cannot drop secret %q because sources depend on it", st.Name).At(where(st.NamePos)).WithHint("drop them first, or ALTER SECRET to give it another value")
		err.Detail = "source " + strings.Join(users, ", source ")
		return err
	}
	b := e.db.NewBatch()
	b.DeleteMeta(metaSecret + st.Name)
	if err := e.commit(b); err != nil {
		return err
	}
	next := c.clone()
	delete(next.secrets, st.Name)
	e.catalog.Store(next)
	return nil
}

// usersOf are the sources and origins with an option that is the secret, by name.
func (c *catalog) usersOf(secret string) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		if slices.Contains(slices.Collect(maps.Values(c.sources[name].rec.Secrets)), secret) {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.origins)) {
		if slices.Contains(slices.Collect(maps.Values(c.origins[name].Secrets)), secret) {
			names = append(names, name)
		}
	}
	return names
}

// showSecrets lists the secrets and who uses them; of their values nothing.
func (e *Engine) showSecrets() *Rows {
	c := e.catalog.Load()
	var rows [][]types.Value
	for _, n := range slices.Sorted(maps.Keys(c.secrets)) {
		rows = append(rows, []types.Value{types.NewText(n), types.NewTimestamptz(c.secrets[n].Created), textOrNull(strings.Join(c.usersOf(n), ", "))})
	}
	return fixedRows("SHOW", []types.Column{textColumn("name"), timeColumn("created"), textColumn("used_by")}, rows)
}
