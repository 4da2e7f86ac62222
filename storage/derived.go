package storage

import "fmt"

// derivedStep is how much derived state one transaction writes. Commits wait behind a transaction, so it is well below what would fit.
const derivedStep = 2 << 20

// Derived writes derived state: what the stream log would write again. It is not atomic; it goes out in steps, in the order of the
// calls, so that nothing is lost while something written later survives. It copies what it is given and is not
// safe for concurrent use. An error is remembered, and returned by Flush.
type Derived struct {
	db  *DB
	ops ops
}

// NewDerived returns an empty writer of derived state.
func (db *DB) NewDerived() *Derived { return &Derived{db: db, ops: ops{limits: db.limits}} }

// PutRow sets a row of a source's row store. The key is a tuple of package key.
func (d *Derived) PutRow(source uint32, k, value []byte) {
	if len(k) > 0 && k[0] == end {
		d.ops.refuse(fmt.Errorf("storage: row key %x would lie behind the end of its source", k))
		return
	}
	d.put(rowKey(source, k), value)
}

// DeleteRow deletes a row.
func (d *Derived) DeleteRow(source uint32, k []byte) { d.delete(rowKey(source, k)) }

// PutRoot sets the root of an entity's log. The chunks and directory nodes it names have been put before it.
func (d *Derived) PutRoot(k EntityKey, root []byte) { d.put(k.root(nil), root) }

// DeleteRoot deletes the root of an entity's log.
func (d *Derived) DeleteRoot(k EntityKey) { d.delete(k.root(nil)) }

// PutChunk sets a sealed chunk whose newest entry is at c.
func (d *Derived) PutChunk(k EntityKey, class uint8, c int64, ordinal uint32, b []byte) {
	d.put(k.chunk(nil, class, c, ordinal), b)
}

// PutDir sets a directory node.
func (d *Derived) PutDir(k EntityKey, class, level uint8, ordinal uint32, b []byte) {
	d.put(k.dir(nil, class, level, ordinal), b)
}

// Flush writes what is left and returns the first error of all steps. Afterwards d is empty and may be used again.
func (d *Derived) Flush() error {
	d.step()
	err := d.ops.err
	d.ops.err = nil
	return err
}

func (d *Derived) put(k, value []byte) {
	d.room(len(k), len(value))
	d.ops.put(k, value, 0)
}

func (d *Derived) delete(k []byte) {
	d.room(len(k), 0)
	d.ops.delete(k)
}

// room makes a step where the next entry would make it too large.
func (d *Derived) room(k, v int) {
	size, count := d.ops.limits.cost(k, v)
	if d.ops.size+size > min(derivedStep, d.ops.limits.bytes) || d.ops.count+count > d.ops.limits.entries {
		d.step()
	}
}

// step writes what is gathered. After an error nothing is written any more, to keep the order.
func (d *Derived) step() {
	err := d.ops.err
	if err == nil && len(d.ops.list) > 0 {
		_, err = d.db.write(kindDerived, &d.ops)
	}
	d.ops.reset()
	d.ops.err = err
}
