package expr

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// function is one row of the registry: an operator or a function for one list of argument types. Exactly one of none, one,
// two and many is set. A function is strict (NULL for any NULL argument, not called) unless it is lax.
type function struct {
	name   string
	args   []types.Type
	result types.Type // a pseudo-type is replaced by what the arguments made of it
	none   func(env *Env) (types.Value, error)
	one    func(env *Env, a types.Value) (types.Value, error)
	two    func(env *Env, a, b types.Value) (types.Value, error)
	many   func(env *Env, args []types.Value) (types.Value, error)
	lax    bool
	zoned  bool // the result depends on the session's zone
	// whole is the symbol of an operator on integers that Arith computes itself; 0 elsewhere.
	whole byte
	// variadic says that the last argument may be repeated; optional that this many arguments at the end may be left out.
	variadic bool
	optional int
}

func sig(args ...types.Type) []types.Type { return args }

// accepts reports whether f can be called with n arguments.
func (f *function) accepts(n int) bool {
	if f.variadic {
		return n >= len(f.args)
	}
	return n <= len(f.args) && n >= len(f.args)-f.optional
}

// arg is the declared type of argument i.
func (f *function) arg(i int) types.Type {
	if i >= len(f.args) {
		return f.args[len(f.args)-1]
	}
	return f.args[i]
}

// functions are the scalar functions by name, operators the operators by symbol; the tables stand in the files of their subjects.
var (
	functions = index(mathFunctions, textFunctions, timeFunctions, arrayFunctions, sessionFunctions, quotingFunctions)
	operators = index(arithmeticOperators, timeOperators, textOperators, regexOperators, comparisonOperators)
)

func index(tables ...[]function) map[string][]*function {
	byName := make(map[string][]*function)
	for _, table := range tables {
		for i := range table {
			f := &table[i]
			byName[f.name] = append(byName[f.name], f)
		}
	}
	return byName
}

// call evaluates f over args: every argument first, as PostgreSQL does, then f unless it is strict and one was NULL.
func (f *function) call(env *Env, args []Expr) (types.Value, error) {
	switch {
	case f.one != nil:
		a, err := args[0].Eval(env)
		if err != nil || a.IsNull() && !f.lax {
			return types.Value{}, err
		}
		return f.one(env, a)
	case f.two != nil:
		return f.callTwo(env, args[0], args[1])
	case f.none != nil:
		return f.none(env)
	}
	values := make([]types.Value, len(args))
	null := false
	for i, x := range args {
		v, err := x.Eval(env)
		if err != nil {
			return types.Value{}, err
		}
		values[i] = v
		null = null || v.IsNull()
	}
	if null && !f.lax {
		return types.Value{}, nil
	}
	return f.many(env, values)
}

func (f *function) callTwo(env *Env, l, r Expr) (types.Value, error) {
	a, err := l.Eval(env)
	if err != nil {
		return types.Value{}, err
	}
	b, err := r.Eval(env)
	if err != nil || (a.IsNull() || b.IsNull()) && !f.lax {
		return types.Value{}, err
	}
	return f.two(env, a, b)
}

func (c *Call) Type() types.Type { return c.T }

func (c *Call) Eval(env *Env) (types.Value, error) { return c.f.call(env, c.Args) }

func (c *Call) String() string {
	if field, ok := c.Args0(); ok && c.Fn == "extract" {
		return "EXTRACT(" + fieldName(field) + " FROM " + c.Args[1].String() + ")"
	}
	return joined(c.Fn+"(", c.Args, ", ", ")")
}

// fieldName prints the field of an EXTRACT: bare where it is a word, else as the string that EXTRACT takes, too.
func fieldName(field string) string {
	for _, r := range field {
		if (r < 'a' || r > 'z') && r != '_' {
			return quote(field)
		}
	}
	if field == "" {
		return "''"
	}
	return field
}

// Args0 returns the first argument where it is a constant text: the field of EXTRACT and DATE_TRUNC.
func (c *Call) Args0() (string, bool) {
	if len(c.Args) == 0 {
		return "", false
	}
	k, ok := c.Args[0].(*Const)
	if !ok || !isString(k.T.Kind) || k.V.IsNull() {
		return "", false
	}
	return strings.ToLower(k.V.S), true
}

// Neg is -X.
type Neg struct {
	X Expr
	f *function
}

func (n *Neg) Type() types.Type { return n.f.result }

func (n *Neg) Eval(env *Env) (types.Value, error) { return n.f.call(env, []Expr{n.X}) }

func (n *Neg) String() string { return "(- " + n.X.String() + ")" }
