package sink

import (
	"fmt"
	"runtime"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
	"golang.org/x/sync/errgroup"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// A row group ends at groupRows rows, or once the batches that make it hold groupBytes: of rows of a training set, a hundred to five hundred
// bytes, that is 128 thousand rows or more. Readers skip, and read in parallel, by row groups; all of one is in memory before it is written.
const (
	groupRows  = 1 << 20
	groupBytes = 64 << 20
)

// parquetSink gathers batches until they make a row group and then writes it column by column.
type parquetSink struct {
	path    string
	columns []*column
	group   []*types.Batch // held back; each is released once it is written
	rows    int            // in group
	bytes   int64          // in group
	before  int64          // rows that were written already
	parts   []*part        // the last is being written; usually there is one
	limits  struct {
		rows  int
		bytes int64
	}
}

func createParquet(path string, s engine.SinkSpec) (engine.Sink, error) {
	p := &parquetSink{path: path}
	p.limits.rows, p.limits.bytes = groupRows, groupBytes
	for i, c := range s.Columns {
		p.columns = append(p.columns, newColumn(i, c))
	}
	first, err := p.begin()
	if err != nil {
		return nil, err
	}
	p.parts = []*part{first}
	return p, nil
}

// Write implements engine.Sink.
func (p *parquetSink) Write(b *types.Batch) error {
	b.Record.Retain()
	p.group = append(p.group, b)
	p.rows += b.Rows()
	p.bytes += bufferBytes(b)
	if p.rows >= p.limits.rows || p.bytes >= p.limits.bytes {
		return p.flush()
	}
	return nil
}

// bufferBytes is the memory of a batch.
func bufferBytes(b *types.Batch) int64 {
	n := int64(0)
	for _, c := range b.Record.Columns() {
		for _, buf := range c.Data().Buffers() {
			if buf != nil {
				n += int64(buf.Len())
			}
		}
	}
	return n
}

// flush writes the batches held back as a row group.
func (p *parquetSink) flush() (err error) {
	if p.rows == 0 {
		return nil
	}
	last := p.parts[len(p.parts)-1]
	if err := p.fit(); err != nil {
		return err
	}
	if last.started() && last.outgrown(p.columns) {
		if err := last.finish(); err != nil {
			return err
		}
		if last, err = p.begin(); err != nil {
			return err
		}
		p.parts = append(p.parts, last)
	}
	if err := last.start(p.columns, p.group); err != nil {
		return err
	}
	if err := last.writeGroup(p.columns, p.group, p.before); err != nil {
		return err
	}
	p.before += int64(p.rows)
	p.release()
	return nil
}

// fit brings the columns' scales to what the batches held back need, column beside column.
func (p *parquetSink) fit() error {
	errs := make([]error, len(p.columns))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range p.columns {
		work.Go(func() (err error) {
			defer func() { errs[i] = err }()
			defer guard(&err)
			return c.fit(p.group, p.before)
		})
	}
	work.Wait()
	for _, err := range errs { // the first column's, whoever was first
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *parquetSink) release() {
	for _, b := range p.group {
		b.Release()
	}
	clear(p.group)
	p.group, p.rows, p.bytes = p.group[:0], 0, 0
}

// Commit implements engine.Sink.
func (p *parquetSink) Commit() error {
	if err := p.flush(); err != nil {
		return err
	}
	last := p.parts[len(p.parts)-1]
	if err := last.start(p.columns, nil); err != nil { // a file without rows has a schema, too
		return err
	}
	if err := last.finish(); err != nil {
		return err
	}
	if len(p.parts) == 1 {
		return last.file.commit()
	}
	joined, err := p.join()
	if err != nil {
		return err
	}
	return joined.file.commit()
}

// Close implements engine.Sink.
func (p *parquetSink) Close() error {
	p.release()
	var err error
	for _, part := range p.parts {
		if e := part.file.abandon(); err == nil {
			err = e
		}
	}
	return err
}

// part is a Parquet file whose decimals have the scales that were known when it was started.
type part struct {
	file   *whole
	w      *file.Writer
	scales []int
}

func (p *parquetSink) begin() (*part, error) {
	f, err := create(p.path)
	if err != nil {
		return nil, err
	}
	return &part{file: f}, nil
}

func (p *part) started() bool { return p.w != nil }

// outgrown reports whether a column needs a larger scale than the part has.
func (p *part) outgrown(columns []*column) bool {
	for i, c := range columns {
		if c.scale > p.scales[i] {
			return true
		}
	}
	return false
}

// start writes the head of the file, unless it has one. group is what will come first.
func (p *part) start(columns []*column, group []*types.Batch) (err error) {
	if p.started() {
		return nil
	}
	defer guard(&err)
	fields := make(schema.FieldList, len(columns))
	for i, c := range columns {
		p.scales = append(p.scales, c.scale)
		if fields[i], err = c.node(); err != nil {
			return err
		}
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return err
	}
	props := append(dictionaries(columns, group),
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithCompressionLevel(1), // half the time of level 3, whose files are a fifth smaller
		parquet.WithCreatedBy("asof"),
	)
	p.w = file.NewParquetWriter(p.file, root, file.WithWriterProps(parquet.NewWriterProperties(props...)))
	return p.file.err
}

// writeGroup writes batches as a row group; before is how many rows come before them. The columns are encoded and compressed side by side: into
// memory, as the library has it, and then one after the other into the file.
func (p *part) writeGroup(columns []*column, group []*types.Batch, before int64) (err error) {
	defer guard(&err)
	rg := p.w.AppendBufferedRowGroup()
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range columns {
		cw, err := rg.Column(i)
		if err != nil {
			return err
		}
		work.Go(func() error { return c.writeGroup(cw, group, before) })
	}
	if err := work.Wait(); err != nil {
		return err
	}
	if err := rg.Close(); err != nil {
		return err
	}
	return p.file.err
}

// finish writes the file's end. The writer's Close loses errors; the file remembers them.
func (p *part) finish() (err error) {
	defer guard(&err)
	if err := p.w.FlushWithFooter(); err != nil {
		return err
	}
	return p.file.flush()
}

// guard makes an error of a panic: so the Parquet library reports that its file cannot be written, and what it holds impossible.
func guard(err *error) {
	switch r := recover().(type) {
	case nil:
	case error:
		*err = fmt.Errorf("parquet: %w", r)
	default:
		*err = fmt.Errorf("parquet: %v", r)
	}
}
