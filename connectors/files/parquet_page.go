package files

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
)

// chunkReader reads the levels and values of a column chunk, page by page. The library cuts the file into pages and decompresses them; what is in them is read here, because
// its own reader goes round for ever in a page that says it has more values than it has.
type chunkReader struct {
	field      *parquetField
	pages      file.PageReader
	dictionary []raw
	rep, def   *hybrid // nil where there are no levels
	values     valueReader
	left       int // levels of the page that have not been read
}

// entry is one place of a column: its levels, and its value where def says that there is one.
type entry struct {
	rep, def int16
	value    raw
}

// next reads an entry; ok is false at the end of the chunk.
func (c *chunkReader) next() (e entry, ok bool, err error) {
	for c.left == 0 {
		if !c.pages.Next() {
			return e, false, c.pages.Err()
		}
		if err := c.begin(c.pages.Page()); err != nil {
			return e, false, err
		}
	}
	c.left--
	if e.rep, err = level(c.rep, 0); err != nil {
		return e, false, err
	}
	if e.def, err = level(c.def, c.field.maxDef); err != nil {
		return e, false, err
	}
	if e.def == c.field.maxDef {
		e.value, err = c.values.next()
	}
	return e, err == nil, err
}

// level reads a level; where there are none it is always the same.
func level(h *hybrid, same int16) (int16, error) {
	if h == nil {
		return same, nil
	}
	v, err := h.next()
	return int16(v), err
}

// begin takes up a page.
func (c *chunkReader) begin(page file.Page) error {
	data := page.Data()
	n := int(page.NumValues())
	encoding := parquet.Encoding(page.Encoding())
	if n < 0 {
		return errors.New("a page has fewer values than none")
	}
	switch p := page.(type) {
	case *file.DictionaryPage:
		return c.readDictionary(data, n, encoding)
	case *file.DataPageV1:
		var err error
		if c.rep, data, err = c.levelsV1(data, c.maxRep(), p.RepetitionLevelEncoding()); err != nil {
			return err
		}
		if c.def, data, err = c.levelsV1(data, c.field.maxDef, p.DefinitionLevelEncoding()); err != nil {
			return err
		}
	case *file.DataPageV2:
		rep, def := int(p.RepetitionLevelByteLen()), int(p.DefinitionLevelByteLen())
		if rep < 0 || def < 0 || rep > len(data) || def > len(data)-rep {
			return errBits
		}
		c.rep, c.def = levels(data[:rep], c.maxRep()), levels(data[rep:rep+def], c.field.maxDef)
		data = data[rep+def:]
	default:
		return nil // an index
	}
	c.left = n
	var err error
	c.values, err = c.field.newValues(encoding, data, n, c.dictionary)
	return err
}

func (c *chunkReader) maxRep() int16 {
	if c.field.list {
		return 1
	}
	return 0
}

// levels returns the reader of levels up to highest, nil where all are 0.
func levels(data []byte, highest int16) *hybrid {
	if highest == 0 {
		return nil
	}
	return &hybrid{data: data, width: bits.Len16(uint16(highest))}
}

// levelsV1 reads the levels of an old page, which stand behind their length.
func (c *chunkReader) levelsV1(data []byte, highest int16, e parquet.Encoding) (h *hybrid, rest []byte, err error) {
	if highest == 0 {
		return nil, data, nil
	}
	if e != parquet.Encodings.RLE {
		return nil, nil, fmt.Errorf("levels in the encoding %s are not supported", e)
	}
	if len(data) < 4 {
		return nil, nil, errBits
	}
	n := uint64(binary.LittleEndian.Uint32(data))
	if n > uint64(len(data)-4) {
		return nil, nil, errBits
	}
	return levels(data[4:4+n], highest), data[4+n:], nil
}

func (c *chunkReader) readDictionary(data []byte, n int, e parquet.Encoding) error {
	if e != parquet.Encodings.Plain && e != parquet.Encodings.PlainDict {
		return fmt.Errorf("a dictionary in the encoding %s is not supported", e)
	}
	values := &plainValues{field: c.field, data: data}
	c.dictionary = nil
	for range n {
		v, err := values.next()
		if err != nil {
			return err
		}
		c.dictionary = append(c.dictionary, v)
	}
	return nil
}
