package types

// Alias is one of PostgreSQL's catalog types as which values of a kind are presented: an oid is a BIGINT, a name a TEXT. It changes what a client is
// told of the type and how a cast to it reads and prints, never what an operator does: operators, aggregates and keys see the kind alone.
type Alias uint8

const (
	NoAlias      Alias = iota
	Name               // TEXT, cut to 63 bytes by a cast
	InternalChar       // TEXT: "char", one byte
	NodeTree           // TEXT: pg_node_tree
	ACLItem            // TEXT
	OID                // BIGINT
	XID                // BIGINT
	Regproc            // BIGINT, the OID of a function, and so on; printed as its name
	Regprocedure
	Regclass
	Regtype
	Regnamespace
	Regrole
	Regoperator
)

// aliasNames are the names that format_type prints and casts take.
var aliasNames = [...]string{
	Name: "name", InternalChar: `"char"`, NodeTree: "pg_node_tree", ACLItem: "aclitem", OID: "oid", XID: "xid", Regproc: "regproc",
	Regprocedure: "regprocedure", Regclass: "regclass", Regtype: "regtype", Regnamespace: "regnamespace", Regrole: "regrole", Regoperator: "regoperator",
}

// aliasesByName maps a type's name to the alias.
var aliasesByName = func() map[string]Alias {
	m := map[string]Alias{}
	for a, name := range aliasNames {
		if name != "" {
			m[name] = Alias(a)
		}
	}
	return m
}()

// Reg reports whether the values are OIDs that are printed as the names of what they belong to.
func (a Alias) Reg() bool { return a >= Regproc }

// Kind is the kind of the alias's values, Null for NoAlias.
func (a Alias) Kind() Kind {
	switch {
	case a == NoAlias:
		return Null
	case a <= ACLItem:
		return Text
	}
	return Int8
}

// AliasOf returns the type of a's values.
func AliasOf(a Alias) Type { return Type{Kind: a.Kind(), Alias: a} }

// String is the name of the type.
func (a Alias) String() string { return aliasNames[a] }

// fitAlias cuts a string to what the alias can hold.
func fitAlias(a Alias, s string) string {
	limit := len(s)
	switch a {
	case Name:
		limit = 63
	case InternalChar:
		limit = 1
	}
	if len(s) <= limit {
		return s
	}
	for limit > 1 && s[limit]&0xc0 == 0x80 { // not within a character
		limit--
	}
	return s[:limit]
}
