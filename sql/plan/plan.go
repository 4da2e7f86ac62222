// Package plan turns syntax into meaning: it binds names against a catalog, finds the windows in a feature's predicates,
// and arranges a query as a tree of logical nodes that sql/exec builds operators from.
//
// A query goes with.go, from.go (view.go: names of queries) → join.go, asof_join.go, lateral.go, derived.go → targets.go, grouping.go, order.go (its clauses, in scope.go's scope; subquery.go
// for what stands in them) → query.go, sets.go, values.go (the tree) → rules.go and the rule_….go (what makes the tree cheaper), pushdown.go and
// prune.go (what makes scans read less). A feature is bound by the same clauses and then compiled: feature.go → entity.go →
// window.go, monotone.go, casewhen.go → version.go.
//
// Invariants:
//
//  1. An expression of a node addresses columns by their index in the row of the node below it; names are for people.
//  2. A filter is never taken away: keys that were pushed to a scan narrow what is read and decide nothing.
//  3. Names, types, SQLSTATE, message and place of an error are PostgreSQL's wherever PostgreSQL accepts the statement's form.
//  4. What the language will have is refused with the words "not yet"; everything else that is refused says what to write instead.
//  5. In a compiled feature NOW() stands only where its side of a comparison never decreases as NOW() grows and the other side never decreases as
//     the event time does. So what a row counts for changes at most a few times as the moment moves, at moments that can be computed.
//  6. A rule changes what a tree costs, never its rows; each can be turned off by a setting, and tests compare.
//  7. A feature means the same in every session: its zone is UTC, and it has no parameters.
//
// The package reads no data and knows no moment.
package plan

import (
	"github.com/asofdb/asof/sql/agg"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// RelationKind says what a relation is.
type RelationKind uint8

const (
	SourceRelation RelationKind = iota
	FeatureRelation
	// FeatureHistory is a row per entity and change of a feature's values; Key is the feature's entity, of which it has several rows.
	FeatureHistory
	// FileRelation is a file that is read as it is, whatever the AS OF.
	FileRelation
	// SystemRelation describes the database itself, as it is now whatever the AS OF.
	SystemRelation
	// DerivedRelation is a query in FROM, or one that WITH names. No catalog returns it.
	DerivedRelation
)

// Relation is what the planner knows of a source or a feature.
type Relation struct {
	Name    string
	Kind    RelationKind
	Columns types.Schema
	// System are columns that can be selected by name and are not in *: as_of, reconstructed, feature_version.
	// In a scan their indexes follow those of Columns.
	System types.Schema
	// Key are the columns of the primary key of a source, or the entity of a feature and of its history; nil where there is none.
	Key []int
	// EventTime is the declared or only TIMESTAMPTZ column of a source, -1 where there is none or several.
	EventTime int
	// PlainTable is set for a source without a timeline (read as it is whatever the AS OF); a feature over it is refused.
	PlainTable bool
}

// Catalog gives relations their meaning. Its error is a 42P01 with a hint that names the nearest relation.
type Catalog interface {
	Relation(name string) (*Relation, error)
}

// FileCatalog is a Catalog that knows files: SELECT … FROM 'labels.csv'.
type FileCatalog interface {
	Catalog
	// File opens a file for its columns, or says why it cannot be read.
	File(path string) (*Relation, error)
}

// SchemaCatalog is a Catalog that knows the schemas pg_catalog and information_schema. A function in FROM that it has as a relation is called "name()".
type SchemaCatalog interface {
	Catalog
	SchemaRelation(schema, name string) (*Relation, error)
}

// ViewCatalog is a Catalog that knows views. In FROM a view stands for its query, which sees the catalog and nothing of the statement around it.
type ViewCatalog interface {
	Catalog
	// View is the query that name stands for, nil where name is no view.
	View(name string) *syntax.CTE
}

// FunctionCatalog is a Catalog that has functions of its own, by names in lower case. No feature can call them.
type FunctionCatalog interface {
	Catalog
	Functions(name string) []expr.Function
}

// Feature is a compiled feature: the canonical plan whose hash is its version.
type Feature struct {
	Name   string
	Source string
	// Entity is the entity's type name, "" for a feature without key.
	Entity string
	// Keys are the source's columns that identify the entity.
	Keys []int
	// EventTime is the source's column that the windows speak of, -1 where there is none.
	EventTime int
	// Attribute is set for a feature without GROUP BY whose value is the row version live at t.
	Attribute bool
	// Where decides which rows count, and whether the entity has a row.
	Where Predicate
	Aggs  []Aggregate
	// Outputs are the columns of the result. Their expressions see a row of the key values followed by the aggregates' results;
	// in an attribute feature, the source's row.
	Outputs []Output
	// Reads are the source's columns that Where, Aggs and Outputs read, ascending, without the keys and, unless an expression reads it as a value, without the event time.
	Reads []int
	// Columns are the source's columns (name and type), which expressions index.
	Columns types.Schema
	// Options are the feature's WITH options.
	Options map[string]string
	// Text is the statement as the user wrote it.
	Text string
	// Version is the hash of the canonical plan, 16 hex digits: equal definitions have equal versions, whatever their spelling or name.
	Version string
}

// Output is one column of a feature's result.
type Output struct {
	Name string
	X    expr.Expr
	T    types.Type
}

// Predicate is a condition on a source's row at t: all Bounds hold on the event time, and Rest is TRUE.
type Predicate struct {
	Bounds []Bound
	// Rest may be nil. Where it contains NOW() (a window below OR, NOT or CASE) every use has been checked to be monotone.
	Rest expr.Expr
}

// Bound is e Op At, with At a TIMESTAMPTZ expression over NOW() alone that never decreases as NOW() grows; Op is one of > >= < <= =.
// It is evaluated with NOW() the moment of the read and the zone UTC; an event time that is a DATE or a TIMESTAMP stands for its moment in UTC.
type Bound struct {
	Op string
	At expr.Expr
}

// Aggregate is one aggregate call of a feature: Fn over Arg of the rows that pass Where and Pred.
type Aggregate struct {
	Fn   *agg.Func
	Arg  expr.Expr // nil for COUNT(*)
	Pred Predicate
}

// Output columns of a query.
type ResultColumn struct {
	Name string
	Type types.Type
}

// AsOf says at which moment a scan reads; X is evaluated with the statement's NOW(), parameters and the session's zone.
type AsOf struct {
	// X is nil where nothing was said: the session's moment, or the frontier. It is constant over a statement (no columns).
	X      expr.Expr
	Before bool
	// Served is set for AS OF SERVED: X is a time of the wall clock, and the moment is the frontier that readers had then. In the scan of an
	// AsOfJoin, whose moments come with the questions, X is nil and Served says what they are.
	Served bool
}

// Node is a logical operator. The tree is built by BindQuery and read by exec.Build and Explain.
type Node interface {
	Schema() types.Schema
	Children() []Node
	// Describe is the node's line in EXPLAIN, without its children.
	Describe() string
}

type (
	// Scan reads a relation. Columns index Relation.Columns followed by Relation.System, in output order.
	Scan struct {
		Relation *Relation
		Columns  []int
		AsOf     AsOf
		// Keys, where non-nil, are the only values of the relation's key that can pass the filter above: each element is one expression per key
		// column, or an expression of an array type (= ANY($1)) when the key has one column. Constant over one run of the scan.
		Keys [][]expr.Expr
		// Any is the array of col = ANY(array), for a key of one column; nil where Keys is used.
		Any expr.Expr
	}
	// One is the single empty row of a SELECT without FROM.
	One struct{}
	// Values is rows that are written out; the expressions read no columns.
	Values struct {
		Rows [][]expr.Expr
		Out  types.Schema
	}
	// Filter keeps the rows for which X is TRUE.
	Filter struct {
		In Node
		X  expr.Expr
	}
	// Project computes its expressions over the input row.
	Project struct {
		In    Node
		Exprs []Output
	}
	// Join pairs rows of L and R. Its row is L's followed by R's; that of a semi or anti join is L's alone.
	Join struct {
		L, R Node
		Kind JoinKind
		// Keys must be equal (NULL equals nothing) for two rows to match, and On, over L's row followed by R's, TRUE. On may be nil.
		Keys []JoinKey
		On   expr.Expr
	}
	// AsOfJoin finds for each row of In, the spine, the one row that a relation has for a key at a moment. Its row is In's followed by Scan's;
	// all rows come out in In's order, once each where Kind is LeftJoin, those that found one where it is InnerJoin.
	AsOfJoin struct {
		In Node
		// Scan is the relation and its columns; it is not opened but swept, and its AsOf says only whether moments are Served.
		Scan *Scan
		// Keys are one expression over In's row per column of Relation.Key; one whose value is NULL, or equals no value of the column's type,
		// finds nothing.
		Keys []expr.Expr
		// At, a TIMESTAMPTZ over In's row, is the moment, or with Before the one after it. NULL finds nothing.
		At     expr.Expr
		Before bool
		Kind   JoinKind
		// Residual, over the whole row, must be TRUE as well for a row to count as found; it may be nil.
		Residual expr.Expr
	}
	// Lateral pairs each row of In with the rows that a query has for it; its row is In's followed by the query's. Kind is InnerJoin or LeftJoin.
	Lateral struct {
		In Node
		// Sub is an *expr.Subquery of form Table over In's row.
		Sub  expr.Expr
		Kind JoinKind
		// On, over the whole row, must be TRUE as well; it may be nil.
		On expr.Expr
	}
	// Aggregation groups by Keys; its output row is the keys, then the aggregates. Without Keys it has exactly one row.
	Aggregation struct {
		In   Node
		Keys []Output
		Aggs []AggCall
	}
	// Sort orders by Keys, stably; Distinct drops repeated rows, keeping the first; Limit cuts.
	Sort struct {
		In   Node
		Keys []SortKey
	}
	Distinct struct{ In Node }
	Limit    struct {
		In            Node
		Limit, Offset expr.Expr // nil: none; constant over one run
	}
	// UnionAll is the rows of its inputs, one input after the other.
	UnionAll struct {
		Ins []Node
		Out types.Schema
	}
	// SetOp is INTERSECT or EXCEPT, with All of the rows as often as they occur.
	SetOp struct {
		Op   string
		All  bool
		L, R Node
		Out  types.Schema
	}
	// Spool keeps the rows of its input and hands them out as often as they are asked for. One Spool stands in a tree wherever its rows are used.
	Spool struct {
		In Node
		// Name is the name that WITH gives the query, "" where none was written.
		Name string
		// Outer is set where the rows depend on a query around this one, so that they are kept for one run of it.
		Outer bool
		uses  int  // references in the statement
		done  bool // In has been optimised
	}
)

// JoinKind says which rows of a join come out.
type JoinKind uint8

const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	// SemiJoin keeps the rows of L that match some row of R, AntiJoin those that match none.
	SemiJoin
	AntiJoin
	// NullAntiJoin is NOT IN, over one key: it keeps the rows of L whose key is certainly none of R's, so none at all where R has a NULL.
	NullAntiJoin
)

// JoinKey is a pair of expressions, over L's row and over R's, whose values are equal where their keys (types.AppendKey) are.
type JoinKey struct{ L, R expr.Expr }

// Subplan is what expr.Subquery.Query holds: the plan of a query in an expression.
type Subplan struct {
	Root Node
	// Uses are the outer values that Root reads: indexes of the Subquery's Args.
	Uses []int
	done bool
}

// AggCall is one aggregate of an Aggregation.
type AggCall struct {
	Fn     *agg.Func
	Arg    expr.Expr
	Filter expr.Expr
	Name   string
}

// SortKey is one key of a Sort.
type SortKey struct {
	X          expr.Expr
	Desc       bool
	NullsFirst bool
}

// Query is a bound SELECT.
type Query struct {
	Root    Node
	Columns []ResultColumn
	// Params are the parameters' inferred types, $1 first.
	Params []types.Type
	// Scans are all scans of the statement, those in subqueries included: each is read at one moment.
	Scans []*Scan
	// Sweeps are the scans of the AS OF joins, which are read at many moments. What a statement takes its frontiers from is Scans and Sweeps.
	Sweeps []*Scan
	// AsOf is the statement's own AS OF, X nil where there is none; it holds for every Scan without one.
	AsOf AsOf
}
