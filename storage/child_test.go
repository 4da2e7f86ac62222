package storage

import "github.com/dgraph-io/badger/v4"

const childVariable = "ASOF_STORAGE_TEST_CHILD"

func runChild() {}

func badgerKeysOnly(s space) badger.IteratorOptions {
	return badger.IteratorOptions{Prefix: prefix(s)}
}
