package types

// The functions below are the package's contract; each moves to the file of its idea as it is written.

// String returns the type as PostgreSQL's format_type prints it: "numeric(12,2)", "timestamp with time zone".
func (t Type) String() string { panic("todo") }

// ParseType parses a type name with its modifiers, as in CREATE TABLE ("NUMERIC(12,2)", "text[]"), any case.
func ParseType(s string) (Type, error) { panic("todo") }

// Parse reads PostgreSQL's text input of a value of type t (22P02, 22003, 22007, 22008 on failure).
// Timestamps without a zone are read as UTC.
func Parse(t Type, s string) (Value, error) { panic("todo") }

// AppendText appends v's PostgreSQL text output (DateStyle ISO, UTC, extra_float_digits 1).
func AppendText(dst []byte, v Value) []byte { panic("todo") }

// String is AppendText as a string; "NULL" for NULL.
func (v Value) String() string { panic("todo") }

// Coerce converts v to type t as PostgreSQL's assignment cast does: rounds numerics to the scale, checks
// ranges, lengths and precisions (22003, 22001). NULL stays NULL.
func Coerce(v Value, t Type) (Value, error) { panic("todo") }

// Compare orders two non-NULL values of comparable kinds as PostgreSQL's btree order does: -1, 0, 1. Integers,
// numerics and floats compare with each other by value; NaN is greatest; text compares by bytes;
// date, timestamp and timestamptz compare with each other in UTC.
func Compare(a, b Value) int { panic("todo") }

// Equal reports whether a and b are equal; two NULLs are equal (as in GROUP BY and DISTINCT).
func Equal(a, b Value) bool { panic("todo") }

// Identical reports whether a and b are the same to the byte: same NULLness, same digits, same scale, same float bits.
func Identical(a, b Value) bool { panic("todo") }

// Clone returns v with nothing shared with a producer's buffer.
func (v Value) Clone() Value { panic("todo") }

// AppendKey appends an encoding of v under which two values have equal bytes exactly if Equal(a, b), and bytes order as
// Compare does within one kind. NULL orders last. It is self-delimiting.
func AppendKey(dst []byte, v Value) []byte { panic("todo") }

// AppendValue appends the compact encoding of v, a value of type t or NULL. ReadValue reads it back
// and returns what follows; strings point into src. It never panics on garbage.
func AppendValue(dst []byte, t Type, v Value) []byte { panic("todo") }

// ReadValue is the inverse of AppendValue.
func ReadValue(src []byte, t Type) (Value, []byte, error) { panic("todo") }
