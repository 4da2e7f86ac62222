package syntax

import "github.com/asofdb/asof/sql/types"

// Pos is a byte offset in the text given to Parse.
type Pos int

// Span is a stretch of the text: what an error underlines.
type Span struct{ Pos, End Pos }

// Expr is an expression as written. Every node knows its place in the user's text.
type Expr interface{ Place() Span }

type (
	// Null, Bool and Number are literals; a Number keeps its digits. String is an untyped string literal.
	Null struct{ Span }
	Bool struct {
		Span
		V bool
	}
	Number struct {
		Span
		Text string
	}
	String struct {
		Span
		V string
	}
	// TypedLit is TYPE 'text': TIMESTAMPTZ '…', INTERVAL '30 days', DATE '…', int2 '2'.
	TypedLit struct {
		Span
		Type types.Type
		Text string
	}
	// Default is DEFAULT in the VALUES of an INSERT.
	Default struct{ Span }
	// ColumnRef is a name, folded as PostgreSQL folds, with an optional relation before it.
	ColumnRef struct {
		Span
		Table, Name string
	}
	// Star is * or t.* in a select list, or the argument of COUNT(*).
	Star struct {
		Span
		Table string
	}
	// Param is $N, N from 1.
	Param struct {
		Span
		N int
	}
	// Unary is -x, +x or NOT x (Op "-", "+", "NOT").
	Unary struct {
		Span
		Op string
		X  Expr
	}
	// Binary is one of + - * / % ^ || = <> < <= > >= AND OR, and what else the language has ("->>", "->").
	Binary struct {
		Span
		Op   string
		L, R Expr
	}
	// Call is a function or aggregate call, the name in lower case. COUNT(*) has the one argument *Star.
	// EXTRACT(f FROM x) is extract('f', x); x AT TIME ZONE z is timezone(z, x); POSITION, SUBSTRING, TRIM and
	// OVERLAY in their keyword forms are calls with their arguments in PostgreSQL's order.
	Call struct {
		Span
		Name     string
		NamePos  Span
		Args     []Expr
		Distinct bool
		OrderBy  []OrderItem
		Filter   Expr
		Over     *Span // the OVER clause, kept only so that it can be refused
	}
	// Cast is x::t or CAST(x AS t).
	Cast struct {
		Span
		X    Expr
		Type types.Type
	}
	// Case is CASE [Operand] WHEN … THEN … ELSE … END.
	Case struct {
		Span
		Operand Expr
		Whens   []When
		Else    Expr
	}
	// In is x [NOT] IN (list) or x [NOT] IN (subquery).
	In struct {
		Span
		X    Expr
		List []Expr
		Sub  *Select
		Not  bool
	}
	Between struct {
		Span
		X, Lo, Hi Expr
		Not       bool
	}
	Like struct {
		Span
		X, Pattern, Escape Expr
		Not, Fold          bool // Fold: ILIKE
	}
	// Is is x IS [NOT] NULL | TRUE | FALSE | UNKNOWN (What in upper case).
	Is struct {
		Span
		X    Expr
		What string
		Not  bool
	}
	// IsDistinct is l IS [NOT] DISTINCT FROM r; Not for IS NOT DISTINCT.
	IsDistinct struct {
		Span
		L, R Expr
		Not  bool
	}
	// Quantified is l op ANY (r) or l op ALL (r), r an array or a subquery.
	Quantified struct {
		Span
		Op   string
		All  bool
		L, R Expr
	}
	// ArrayLit is ARRAY[…]; Row is (a, b, …) or ROW(a, …); Index is x[i].
	ArrayLit struct {
		Span
		Elems []Expr
	}
	Row struct {
		Span
		Elems []Expr
	}
	Index struct {
		Span
		X, I Expr
	}
	// Field is (x).name.
	Field struct {
		Span
		X       Expr
		Name    string
		NamePos Span
	}
	// Subquery is (SELECT …) as a value, with Array ARRAY(SELECT …); Exists is EXISTS (SELECT …).
	Subquery struct {
		Span
		Select *Select
		Array  bool
	}
	Exists struct {
		Span
		Select *Select
	}
)

// Place returns the node's stretch of the text.
func (s Span) Place() Span { return s }

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// OrderItem is one key of ORDER BY. NullsFirst is nil where nothing was said (PostgreSQL: last if ascending).
type OrderItem struct {
	X          Expr
	Desc       bool
	NullsFirst *bool
}

// Item is one column of a select list; Alias "" where none was written.
type Item struct {
	X     Expr
	Alias string
	Span
}

// AsOf is AS OF x, FOR SYSTEM_TIME AS OF x, BEFORE x or AS OF SERVED x.
type AsOf struct {
	Span
	X      Expr
	Before bool
	Served bool
}

// TableExpr is what stands in FROM.
type TableExpr interface{ Place() Span }

type (
	// Table is a named relation, or a file where the name was written as a string ('labels.csv'). Schema is "" where none was written.
	Table struct {
		Span
		Schema  string
		Name    string
		NamePos Span
		File    bool
		Alias   string
		Columns []string // alias (a, b)
		AsOf    *AsOf
	}
	// Derived is [LATERAL] (SELECT …) alias; VALUES is a Select with Values.
	Derived struct {
		Span
		Lateral bool
		Select  *Select
		Alias   string
		Columns []string
		AsOf    *AsOf
	}
	// TableFunc is a function's rows: f(…) [WITH ORDINALITY] alias (a, b).
	TableFunc struct {
		Span
		Call       Expr
		Ordinality bool
		Alias      string
		Columns    []string
	}
	// Join is l KIND JOIN r; Kind is INNER, LEFT, RIGHT, FULL or CROSS. The moment of ASOF JOIN … AS OF is the right side's AsOf.
	Join struct {
		Span
		Kind  string
		L, R  TableExpr
		On    Expr
		Using []string
	}
)

// Select is a query. Exactly one of Items, Values and Set is used.
type Select struct {
	Span
	With     []CTE
	Distinct bool
	Items    []Item
	From     TableExpr // nil without FROM; commas are CROSS joins
	Where    Expr
	GroupBy  []Expr
	Having   Expr
	OrderBy  []OrderItem
	Limit    Expr
	Offset   Expr
	AsOf     *AsOf // of the whole statement
	Values   [][]Expr
	Set      *SetOp
}

// SetOp is l UNION|INTERSECT|EXCEPT [ALL] r.
type SetOp struct {
	Op    string
	OpPos Span
	All   bool
	L, R  *Select
}

// CTE is one WITH entry.
type CTE struct {
	Name    string
	NamePos Span
	Columns []string
	Select  *Select
	// Recursive is set behind WITH RECURSIVE, where a query may read its own rows.
	Recursive bool
}

// Statement is one parsed statement.
type Statement interface{ Place() Span }

// Option is one name = value of a WITH list; Secret is set for name = SECRET x.
type Option struct {
	Span
	Name   string
	Value  string
	Secret bool
	Quoted bool // the value was written as a string
	// List are the names of an option of COPY that has columns, (a, b) or *.
	List []string
}

// Modes are those of a transaction, each empty where nothing was said. Isolation is a level in lower case, ReadOnly and Deferrable are on or off; AsOf is a
// query of one row whose AS OF is the transaction's.
type Modes struct {
	Isolation, ReadOnly, Deferrable string
	AsOf                            *Select
}

// FetchAll is the Count of FETCH ALL.
const FetchAll = 1<<63 - 1

// ColumnDef is one column of CREATE SOURCE.
type ColumnDef struct {
	Span
	Name       string
	Type       types.Type
	NotNull    bool
	PrimaryKey bool
}

type (
	// CreateSource is CREATE SOURCE [IF NOT EXISTS] name (columns…, PRIMARY KEY (…)) [FROM origin TABLE t] WITH (…) [FORMAT f ENCODE e (…)].
	CreateSource struct {
		Span
		IfNotExists  bool
		Name         string
		NamePos      Span
		Columns      []ColumnDef
		Key          []string // of a table constraint PRIMARY KEY (…), or of the column marked PRIMARY KEY
		Origin       string   // FROM origin
		Table        string   // TABLE public.orders
		Options      []Option
		Format       string // upper case: DEBEZIUM, PLAIN, UPSERT; "" where none was written
		Encode       string // upper case: JSON, CSV, …
		EncodeOption []Option
		FormatPos    Span
		Text         string // the statement as written
	}
	// CreateFeature is CREATE [OR REPLACE] FEATURE [IF NOT EXISTS] name [ENTITY e (cols)] [WITH (…)] AS SELECT ….
	CreateFeature struct {
		Span
		OrReplace   bool
		IfNotExists bool
		Name        string
		NamePos     Span
		Entity      string   // "" where none was written
		EntityKeys  []string // nil where none was written
		EntityPos   Span
		Options     []Option
		Select      *Select
		Text        string
	}
	// Drop is DROP SOURCE|FEATURE|TABLE [IF EXISTS] name [CASCADE]; Object in upper case.
	Drop struct {
		Span
		Object   string
		IfExists bool
		Name     string
		NamePos  Span
		Cascade  bool
	}
	// AlterSource is ALTER SOURCE name PAUSE|RESUME|SET (…)|ACCEPT GAP; Action in upper case.
	AlterSource struct {
		Span
		Name    string
		NamePos Span
		Action  string
		Options []Option
	}
	// Show is SHOW what: SOURCES, FEATURES, REJECTS [FOR source], STORAGE, FRESHNESS, or a setting's name in lower case.
	Show struct {
		Span
		What string
		Name string // the setting, or the source of REJECTS
	}
	// ShowCreate is SHOW CREATE FEATURE|SOURCE name [EXPANDED].
	ShowCreate struct {
		Span
		Object   string
		Name     string
		NamePos  Span
		Expanded bool
	}
	// Describe is DESCRIBE name.
	Describe struct {
		Span
		Name    string
		NamePos Span
	}
	// Set is SET name = value | SET name TO value; Default for SET name TO DEFAULT and RESET name (Name "all" for RESET ALL). List are the values
	// that were written, Value is them joined by commas.
	Set struct {
		Span
		Name    string
		Value   string
		List    []string
		Reset   bool // RESET
		Default bool
		Local   bool // SET LOCAL: until the transaction ends
	}
	// Explain is EXPLAIN [ANALYZE] statement.
	Explain struct {
		Span
		Analyze bool
		Stmt    Statement
	}
	// ExplainValue is EXPLAIN VALUE column OF feature [WHERE …] [AS OF …], as the query for that value: Select has one item, a column, and one relation.
	ExplainValue struct {
		Span
		Select *Select
	}
	// Backup is BACKUP TO 'dir'.
	Backup struct {
		Span
		Dir    string
		DirPos Span
	}
	// VerifyFeature is VERIFY FEATURE name [SAMPLE n]; Sample is 0 where all entities are meant.
	VerifyFeature struct {
		Span
		Name    string
		NamePos Span
		Sample  int64
	}
	// CreateTable is CREATE TEMP TABLE [IF NOT EXISTS] name (columns…), a table of the session's own, or CREATE TEMP TABLE name [(names)] AS Query, which
	// has the query's columns and, unless NoData, its rows.
	CreateTable struct {
		Span
		IfNotExists bool
		Name        string
		NamePos     Span
		Columns     []ColumnDef
		Key         []string // of PRIMARY KEY; nil where none was written
		Query       *Select  // nil where columns were written
		Names       []string // of the query's first columns
		NamesPos    Span
		NoData      bool
	}
	// CreateView is CREATE [OR REPLACE] TEMP VIEW name [(names)] AS query, a name of the session's own for a query.
	CreateView struct {
		Span
		Replace  bool
		Name     string
		NamePos  Span
		Names    []string // of the query's first columns
		NamesPos Span
		Query    *Select
	}
	// Insert is INSERT INTO table [(columns)] query; a cell of its VALUES may be Default.
	Insert struct {
		Span
		Table      string
		TablePos   Span
		Columns    []string // nil where none were written
		ColumnsPos Span
		Select     *Select
	}
	// Copy is COPY table [(columns)] FROM file, COPY table [(columns)] TO file or COPY (query) TO file. Std stands for STDIN or STDOUT. An
	// option's value is "" where it was written without one.
	Copy struct {
		Span
		From       bool
		Table      string // "" where a query is copied
		TablePos   Span
		Columns    []string
		ColumnsPos Span
		Query      *Select
		Path       string
		PathPos    Span
		Std        bool
		Options    []Option
	}
	// Transaction is BEGIN or START TRANSACTION with Modes, COMMIT or ROLLBACK with Chain, or SAVEPOINT, RELEASE or ROLLBACK TO with Name.
	Transaction struct {
		Span
		Do      string
		Modes   Modes
		Chain   bool
		Name    string
		NamePos Span
	}
	// SetTransaction is SET TRANSACTION, or with Session SET SESSION CHARACTERISTICS AS TRANSACTION.
	SetTransaction struct {
		Span
		Session bool
		Modes   Modes
	}
	// Prepare is PREPARE name [(types)] AS statement.
	Prepare struct {
		Span
		Name    string
		NamePos Span
		Types   []types.Type
		Stmt    Statement
	}
	// Execute is EXECUTE name [(values)]; Values is a row of them, nil where there are none.
	Execute struct {
		Span
		Name    string
		NamePos Span
		Values  *Select
	}
	// Deallocate is DEALLOCATE name, or with Name "" ALL.
	Deallocate struct {
		Span
		Name    string
		NamePos Span
	}
	// DeclareCursor is DECLARE name CURSOR FOR query.
	DeclareCursor struct {
		Span
		Name             string
		NamePos          Span
		Binary, Hold     bool
		Scroll, NoScroll bool
		Query            *Select
	}
	// Fetch is FETCH or MOVE. How is FORWARD, BACKWARD, ABSOLUTE or RELATIVE; Count may be negative, and is FetchAll for ALL.
	Fetch struct {
		Span
		Move    bool
		How     string
		Count   int64
		Name    string
		NamePos Span
	}
	// CloseCursor is CLOSE name, or with Name "" ALL.
	CloseCursor struct {
		Span
		Name    string
		NamePos Span
	}
	// Discard is DISCARD ALL, PLANS, SEQUENCES or TEMP.
	Discard struct {
		Span
		What string
	}
	// Notify is LISTEN, UNLISTEN, NOTIFY or SET CONSTRAINTS, which have no effect here.
	Notify struct {
		Span
		Do string
	}
	// Query is a SELECT, VALUES or WITH statement.
	Query struct {
		Span
		Select *Select
		// Outline is set where nothing but the system's catalogs is read.
		Outline *Outline
	}
)
