package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/types"
)

// parquetFile is a Parquet file. Its types are those of parquet_type.go.
type parquetFile struct {
	input
	zone   *time.Location
	fields []parquetField // of each column
	// columns are the file's own, or those that were asked for, to which values are converted.
	columns types.Schema
}

func openParquet(_ context.Context, path string, s engine.FileSpec) (*engine.File, error) {
	in, err := look(path)
	if err != nil {
		return nil, err
	}
	f := &parquetFile{input: in, zone: s.Zone}
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	fields, err := fieldsOf(r.MetaData().Schema)
	if err == nil {
		err = f.choose(fields, s.Columns)
	}
	if err != nil {
		return nil, f.at("schema", err)
	}
	return &engine.File{Columns: f.columns, Rows: f.rows}, nil
}

// open reads the file's end, where its schema is.
func (f *parquetFile) open() (r *file.Reader, err error) {
	disk, err := os.Open(f.path)
	if err != nil {
		return nil, unreadable(f.path, err)
	}
	defer func() {
		if err != nil {
			disk.Close()
			err = types.Errorf(types.CodeInvalidSource, "file %s is not a Parquet file: %v", f.path, err)
		}
	}()
	defer guard(&err)
	props := parquet.NewReaderProperties(nil)
	props.BufferedStreamEnabled = true // else a whole column chunk is read at once
	if r, err = file.NewParquetReader(disk, file.WithReadProps(props)); err != nil {
		return nil, err
	}
	return r, f.checkChunks(r)
}

// checkChunks refuses a file that is shorter than it says: what is read later would be as long as it says.
func (f *parquetFile) checkChunks(r *file.Reader) error {
	for i := range r.NumRowGroups() {
		group := r.MetaData().RowGroup(i)
		for c := range group.NumColumns() {
			chunk, err := group.ColumnChunk(c)
			if err != nil {
				return err
			}
			start, size := chunk.DataPageOffset(), chunk.TotalCompressedSize()
			if chunk.HasDictionaryPage() && chunk.DictionaryPageOffset() > 0 {
				start = min(start, chunk.DictionaryPageOffset())
			}
			if start < 0 || size < 0 || start > f.info.Size() || size > f.info.Size()-start {
				return fmt.Errorf("it is cut off: column %d of row group %d is said to be at byte %d, %d bytes long", c+1, i+1, start, size)
			}
		}
	}
	return nil
}

// choose takes the file's columns, or finds those that are wanted by their names.
func (f *parquetFile) choose(fields []parquetField, wanted types.Schema) error {
	if wanted == nil {
		f.fields = fields
		for _, field := range fields {
			f.columns = append(f.columns, types.Column{Name: field.name, Type: field.typ})
		}
		return nil
	}
	f.columns = wanted
	for _, c := range wanted {
		at := -1
		var names []string
		for i, field := range fields {
			names = append(names, field.name)
			if field.name == c.Name {
				at = i
			}
		}
		if at < 0 {
			return types.Errorf(types.CodeUndefinedColumn, "there is no column %q: the file has %s", c.Name, list(names))
		}
		f.fields = append(f.fields, fields[at])
	}
	return nil
}

// rows implements engine.File.Rows.
func (f *parquetFile) rows(_ context.Context, columns []int) (exec.Rows, error) {
	if err := f.same(); err != nil {
		return nil, err
	}
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	rows := &parquetRows{f: f, r: r, row: make([]types.Value, len(columns))}
	for _, c := range columns {
		rows.columns = append(rows.columns, &parquetColumn{field: &f.fields[c]})
		rows.want = append(rows.want, f.columns[c])
	}
	return rows, nil
}

// parquetRows reads a file row group by row group, of each the columns that are wanted, side by side.
type parquetRows struct {
	f       *parquetFile
	r       *file.Reader
	columns []*parquetColumn
	want    types.Schema
	row     []types.Value
	group   int   // the next row group
	left    int64 // rows in the current one
	at      int64 // rows that were read
	closed  bool
}

// Next implements exec.Rows.
func (r *parquetRows) Next(ctx context.Context) ([]types.Value, error) {
	for r.left == 0 {
		if r.group == r.r.NumRowGroups() {
			return nil, r.f.same()
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if err := r.nextGroup(); err != nil {
			return nil, r.f.at(fmt.Sprintf("row group %d", r.group), err)
		}
	}
	if err := r.read(); err != nil {
		return nil, r.f.at(fmt.Sprintf("row %d", r.at+1), err)
	}
	r.left--
	r.at++
	return r.row, nil
}

// read reads a row.
func (r *parquetRows) read() (err error) {
	defer guard(&err)
	for i, c := range r.columns {
		v, err := c.next()
		if err == nil {
			v, err = r.convert(v, i)
		}
		if err != nil {
			return inColumn(c.field.name, err)
		}
		r.row[i] = v
	}
	return nil
}

func (r *parquetRows) nextGroup() (err error) {
	defer guard(&err)
	group := r.r.RowGroup(r.group)
	r.group++
	r.left = group.NumRows()
	if r.left < 0 {
		return fmt.Errorf("it is said to have %d rows", r.left)
	}
	for _, c := range r.columns {
		pages, err := group.GetColumnPageReader(c.field.leaf)
		if err != nil {
			return err
		}
		if err := c.begin(pages); err != nil {
			return inColumn(c.field.name, err)
		}
	}
	return nil
}

// convert brings a value to the type that was asked for. Text is read as the type's text, because files often hold times so.
func (r *parquetRows) convert(v types.Value, i int) (types.Value, error) {
	to := r.want[i].Type
	switch {
	case v.IsNull(), r.columns[i].field.typ == to:
		return v, nil
	case v.Kind == types.Text:
		if to.Kind == types.Timestamp || to.Kind == types.Timestamptz {
			v.S = micros(v.S)
		}
		return types.ParseIn(to, v.S, r.f.zone)
	}
	return types.Coerce(v, to)
}

// Close implements exec.Rows.
func (r *parquetRows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.r.Close()
}

// guard makes an error of a panic, which is what the Parquet library does with bytes that it did not expect.
func guard(err *error) {
	switch r := recover().(type) {
	case nil:
	case error:
		*err = errors.New("the bytes are not as they should be: " + r.Error())
	default:
		*err = fmt.Errorf("the bytes are not as they should be: %v", r)
	}
}
