// Package engine is the database: catalog, origins, ingest, frontier, groups, evaluation, queries.
package engine
