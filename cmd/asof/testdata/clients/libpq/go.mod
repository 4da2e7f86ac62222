module github.com/asofdb/asof/cmd/asof/testdata/clients/libpq

go 1.26.0

require github.com/lib/pq v1.12.3
