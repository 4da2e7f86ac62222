package resp

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Whatever comes, and however it is cut, is taken apart the same way, without a panic and within the bounds.
func FuzzRequests(f *testing.F) {
	for _, s := range []string{
		"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n", "PING\r\n", "*0\r\n*-1\r\n\r\nPING\n", "*1\r\n$0\r\n\r\n", "SET 'a b' \"\\x41\\n\"\r\n", "*1\r\n$5\r\nab", "*2147483647\r\n", "*1\r\n$-5\r\n",
		"*1\r\n:3\r\n", "\"", "'\\''\n", "*3\r\n$1\r\na\r\n*1\r\n",
	} {
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, stranger bool) {
		whole, wholeErr := takeApart(bytes.NewReader(in), stranger)
		cut, cutErr := takeApart(iotest.OneByteReader(bytes.NewReader(in)), stranger)
		if !bytes.Equal(whole, cut) || wholeErr != cutErr {
			t.Errorf("%q\nin one  %q %s\nin bits %q %s", in, whole, wholeErr, cut, cutErr)
		}
	})
}

func takeApart(src io.Reader, stranger bool) (all []byte, problem string) {
	const most = 4 << 10
	r := newRequests(src, most)
	r.stranger = stranger
	for {
		args, err := r.buffered()
		switch {
		case errors.Is(err, errMore):
			if len(r.buf) > 4*firstBuffer+2*most {
				return all, "too much is kept"
			}
			if r.fill() != nil {
				return all, ""
			}
			continue
		case err != nil:
			return all, "refused" // in which words depends on how much of it was there
		}
		for _, a := range args {
			all = append(append(all, a...), '|')
		}
		all = append(all, '\n')
	}
}

// A key that is written is read as what it was.
func FuzzKeys(f *testing.F) {
	f.Add("customer", "a:b%", "{x}", true)
	f.Add("a:{b}", "", "\x00", false)
	f.Fuzz(func(t *testing.T, entity, a, b string, pair bool) {
		ref := engine.EntityRef{Entity: entity, Key: []types.Value{part(a)}}
		if pair {
			ref.Key = append(ref.Key, part(b))
		}
		key := string(appendKey(nil, ref))
		got, ok, err := parseKey(key, func(string) int { return len(ref.Key) })
		if !ok || err != nil || got.Entity != entity || len(got.Key) != len(ref.Key) {
			t.Fatalf("%q: %v %v %v", key, got, ok, err)
		}
		for i := range got.Key {
			if !types.Identical(got.Key[i], ref.Key[i]) {
				t.Errorf("%q: part %d is %q, was %q", key, i, got.Key[i], ref.Key[i])
			}
		}
	})
}

func TestGlob(t *testing.T) {
	for _, s := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true},
		{"a*c", "abbc", true},
		{"a*c", "abb", false},
		{"a?c", "abc", true},
		{"[a-c]x", "bx", true},
		{"[^a-c]x", "bx", false},
		{"[c-a]x", "bx", true},
		{"[\\]]", "]", true},
		{"\\*", "*", true},
		{"\\*", "x", false},
		{"[ab", "b", true},
		{"a\\", "a\\", true},
		{"a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	} {
		if got := globMatch(s.pattern, s.text); got != s.want {
			t.Errorf("%q matches %q: %v", s.pattern, s.text, got)
		}
	}
}
