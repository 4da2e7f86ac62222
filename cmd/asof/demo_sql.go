package main

import (
	"fmt"
	"time"
)

// demoColumns are the columns of the shop's tables.
var demoColumns = map[string]string{
	"customers": `
    customer_id TEXT PRIMARY KEY,
    email       TEXT NOT NULL,
    tier        TEXT NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL`,
	"accounts": `
    account_id  BIGINT PRIMARY KEY,
    customer_id TEXT NOT NULL,
    balance     NUMERIC(12,2),
    segment     TEXT,
    opened_at   TIMESTAMPTZ NOT NULL`,
	"orders": `
    order_id    BIGINT PRIMARY KEY,
    customer_id TEXT NOT NULL,
    merchant_id TEXT,
    amount      NUMERIC(12,2),
    status      TEXT,
    created_at  TIMESTAMPTZ NOT NULL`,
	"chargebacks": `
    chargeback_id BIGINT PRIMARY KEY,
    merchant_id   TEXT NOT NULL,
    order_id      BIGINT,
    amount        NUMERIC(12,2),
    created_at    TIMESTAMPTZ NOT NULL`,
}

// demoOrigin declares the shop's database, whose changes are in topics of a broker.
func demoOrigin(broker string) string {
	return fmt.Sprintf(`CREATE SOURCE shop WITH (connector = 'kafka', brokers = '%s',
        topics = 'shop.public.*') FORMAT DEBEZIUM ENCODE JSON;`, broker)
}

// demoSource declares a table of the shop.
func demoSource(table string) string {
	return fmt.Sprintf("CREATE SOURCE %s (%s\n) FROM shop TABLE public.%s;", table, demoColumns[table], table)
}

// demoFeatures declares the features. The short window has an upper bound, so that pre-orders do not stay in it until their day comes.
func demoFeatures(window time.Duration) []string {
	seconds := int(window.Seconds())
	short := fmt.Sprintf("%d seconds", seconds)
	if seconds == 1 {
		short = "1 second"
	}
	return []string{
		fmt.Sprintf(`CREATE FEATURE customer_orders ENTITY customer (customer_id) AS
SELECT customer_id,
  COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '%s'
                     AND created_at <= NOW())                     AS last_%ds,
  COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour')  AS orders_1h,
  COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '7 days')  AS orders_7d,
  SUM(amount)
           FILTER (WHERE created_at > NOW() - INTERVAL '30 days') AS spent_30d
FROM orders WHERE status = 'paid' GROUP BY customer_id;`, short, seconds),
		`CREATE FEATURE account ENTITY account (account_id) AS
SELECT account_id, customer_id, balance, segment FROM accounts;`,
		`CREATE FEATURE merchant_risk ENTITY merchant (merchant_id) AS
SELECT merchant_id,
  COUNT(*)    FILTER (WHERE created_at > NOW() - INTERVAL '7 days')
              AS chargebacks_7d,
  SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '30 days')
              AS lost_30d
FROM chargebacks GROUP BY merchant_id;`,
	}
}
