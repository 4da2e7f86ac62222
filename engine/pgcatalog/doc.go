// Package pgcatalog is PostgreSQL's pg_catalog and information_schema as clients read them: small tables that describe what a session can see.
//
// A Table is one of their relations, with the columns PostgreSQL 15 has; data/ holds what of them is the same in every database (the relations, types,
// their functions, keywords), as COPY writes it on a real server. A Snapshot is what the database has at one moment; Rows are a table's rows for it.
//
// Invariants:
//
//  1. Every relation of PostgreSQL's two schemas is here with its column names; one that describes what asof has not is empty.
//  2. Columns have PostgreSQL's types, but that types without a counterpart are text, vectors are arrays and the domains of information_schema their base types.
//  3. An OID belongs to one thing as long as it exists, across restarts; OIDs of the system are PostgreSQL's.
//
// The package is pure: it knows no engine and no clock.
package pgcatalog
