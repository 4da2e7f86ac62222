package exec

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

var fileTypes = []types.Type{{Kind: types.Int8}, {Kind: types.Text}, {Kind: types.Numeric}, {Kind: types.Array, Elem: types.Text}}

func fileRow(r *rand.Rand) []types.Value {
	row := []types.Value{types.NewInt8(r.Int64()), types.NewText(strings.Repeat("x", r.IntN(200))), types.NewNumeric(r.Int64N(1000), 2), types.NewArray([]types.Value{types.NewText("a"), {}})}
	for i := range row {
		if r.IntN(4) == 0 {
			row[i] = types.Value{}
		}
	}
	return row
}

// writeFile writes rows to a file and returns it with the rows.
func writeFile(t testing.TB, temp *tempFiles, n int, memory int64) (*rowFile, [][]types.Value) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	f, err := newRowFile(temp, fileTypes, memory)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]types.Value
	for range n {
		row := fileRow(r)
		rows = append(rows, row)
		if err := f.append(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.finish(); err != nil {
		t.Fatal(err)
	}
	return f, rows
}

// TestRowFile: what was written is read, by several readers at a time, and the file is gone when it is closed.
func TestRowFile(t *testing.T) {
	for _, n := range []int{0, 1, 50, 5000} {
		temp := &tempFiles{dir: t.TempDir()}
		f, rows := writeFile(t, temp, n, 1)
		a, b := f.open(), f.open()
		got := make([]types.Value, len(fileTypes))
		for i := range rows {
			for _, r := range []*rowReader{a, b} {
				ok, err := r.next(got)
				if !ok || err != nil {
					t.Fatal(ok, err)
				}
				for c := range got {
					if !types.Identical(got[c], rows[i][c]) {
						t.Fatalf("row %d: %v, not %v", i, got, rows[i])
					}
				}
			}
		}
		for range 2 {
			if ok, err := a.next(got); ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		for range 2 {
			if err := f.close(); err != nil {
				t.Fatal(err)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(temp.dir, "*")); len(left) > 0 {
			t.Error(left)
		}
	}
}

// TestRowFileDamage: a file that differs in any bit from what was written, or is cut anywhere, gives an error and no other rows.
func TestRowFileDamage(t *testing.T) {
	temp := &tempFiles{dir: t.TempDir()}
	f, rows := writeFile(t, temp, 40, 1)
	content, err := os.ReadFile(f.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, at int, b []byte) {
		t.Helper()
		n, err := countRows(b)
		var e *types.Error
		if n > len(rows) || !errors.As(err, &e) || e.Code != types.CodeCorrupted {
			t.Fatalf("%s at %d: %d rows, %v", what, at, n, err)
		}
	}
	for i := range content {
		b := bytes.Clone(content)
		b[i] ^= 1 << (i % 8)
		check("bit", i, b)
	}
	blocks := 0
	for i := range content {
		if n, err := countRows(content[:i]); err == nil { // cut between two blocks, which the size that the writer keeps tells
			blocks++
			if n >= len(rows) {
				t.Fatalf("cut at %d: %d rows", i, n)
			}
		}
	}
	if blocks > 3 {
		t.Errorf("%d places to cut", blocks)
	}
}

// countRows reads bytes as a file of fileTypes.
func countRows(b []byte) (int, error) {
	r := &rowReader{src: bytes.NewReader(b), size: int64(len(b)), types: fileTypes}
	row := make([]types.Value, len(fileTypes))
	for n := 0; ; n++ {
		ok, err := r.next(row)
		if !ok || err != nil {
			return n, err
		}
	}
}

// FuzzRowFile: whatever the bytes are, reading them ends, without more rows or memory than they could hold.
func FuzzRowFile(f *testing.F) {
	temp := &tempFiles{dir: f.TempDir()}
	for _, n := range []int{0, 1, 40} {
		file, _ := writeFile(f, temp, n, 1)
		content, err := os.ReadFile(file.file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
		f.Add(content[:len(content)*2/3])
	}
	f.Add([]byte(fileMagic + "\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := countRows(b)
		if n > len(b) {
			t.Fatalf("%d rows of %d bytes", n, len(b))
		}
		var e *types.Error
		if err != nil && (!errors.As(err, &e) || e.Code != types.CodeCorrupted) {
			t.Fatalf("%v", err)
		}
	})
}

// FuzzRowFileBlock puts any payload into a block whose checksum is right, so that what is behind the checksum is reached.
func FuzzRowFileBlock(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0}, uint32(1))
	f.Add([]byte{3, 2, 'x', 4, 2, 1}, uint32(7))
	f.Fuzz(func(t *testing.T, payload []byte, rows uint32) {
		block := make([]byte, blockHeader, blockHeader+len(payload))
		block[0], block[1], block[2], block[3] = byte(len(payload)), byte(len(payload)>>8), byte(len(payload)>>16), byte(len(payload)>>24)
		block[4], block[5], block[6], block[7] = byte(rows), byte(rows>>8), byte(rows>>16), byte(rows>>24)
		block = append(block, payload...)
		sum := blockSum(block)
		block[8], block[9], block[10], block[11] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
		n, err := countRows(append([]byte(fileMagic), block...))
		if n > len(payload) {
			t.Fatalf("%d rows of %d bytes", n, len(payload))
		}
		if err == nil && n != int(rows) {
			t.Fatalf("%d rows, not %d", n, rows)
		}
	})
}
