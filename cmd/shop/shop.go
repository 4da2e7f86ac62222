// Package shop generates the change stream of a small shop: what Debezium's PostgreSQL connector writes for its
// tables customers, accounts, orders and chargebacks, transaction by transaction.
//
// It makes what real streams have and what is hard about them: updates without a before image, deletes whose
// before image is the key and invented defaults, tombstones, changes of a primary key (a delete, its tombstone and
// an insert in one transaction), rows that move to another customer, transactions of several rows and tables, rows
// that arrive late and rows that are dated in the future.
//
// Invariants:
//
//  1. The same seed and the same times give the same bytes. Nothing here reads a clock or sleeps: the caller says
//     when a transaction commits, and so how many there are in a second.
//  2. Commit times rise strictly, also where the caller's clock does not; event times are free.
//  3. Every update and delete is of a row that lives, every insert of a key that does not.
//  4. What the generator keeps is bounded: of the orders it remembers only the newest, so older ones never change again.
package shop

import (
	"math/rand/v2"
	"time"
)

// Tables are the names of the tables, in the order in which the shop came to have rows in them.
var Tables = []string{"customers", "accounts", "orders", "chargebacks"}

// Customers is how many customers the shop begins with: its first transactions, one for each, enter them with their accounts.
const Customers = 200

const (
	merchants = 40
	// remembered is how many orders can still change: enough that hot and cold customers are among them, little enough to forget about.
	remembered = 4096
)

// Line is one line of a table's stream: an envelope, or a tombstone ("null").
type Line struct {
	Table string
	// JSON is the record without a newline. The caller owns it.
	JSON []byte
	// Change is false for a tombstone.
	Change bool
}

// Transaction is what one transaction of the shop's database sends.
type Transaction struct {
	// Commit is when it committed, to the microsecond.
	Commit time.Time
	Lines  []Line
}

// Shop is the state of the shop: its random numbers, its clock, its counters and the rows that may still change.
// One goroutine at a time.
type Shop struct {
	rnd     *rand.Rand
	popular *rand.Zipf // which customer does something
	busy    *rand.Zipf // which merchant sells it
	wal     wal

	customers   []customer
	accounts    []account
	orders      []order
	chargebacks []chargeback

	nextOrder, nextChargeback int64
}

// New returns a shop without rows.
func New(seed int64) *Shop {
	rnd := rand.New(rand.NewPCG(uint64(seed), 0x73686f70))
	return &Shop{
		rnd: rnd,
		// The skew of real shops: the first of 200 customers places some fifteen percent of the orders.
		popular:        rand.NewZipf(rnd, 1.1, 2, Customers-1),
		busy:           rand.NewZipf(rnd, 1.2, 3, merchants-1),
		wal:            wal{lsn: 26_500_000, txID: 740},
		nextOrder:      1000,
		nextChargeback: 1,
	}
}

// Step returns the next transaction, committed now, or one microsecond after the last where now is not later.
func (s *Shop) Step(now time.Time) Transaction {
	s.wal.begin(now)
	if len(s.customers) < Customers {
		s.openAccount()
	} else {
		s.act()
	}
	return s.wal.end()
}

// act lets one thing happen. The shares are those of a busy shop: most transactions are orders, and
// a few percent are the changes that a stream without retractions would get wrong.
func (s *Shop) act() {
	if len(s.orders) < 10 {
		s.placeOrders(1)
		return
	}
	switch p := s.rnd.IntN(1000); {
	case p < 560:
		s.placeOrders(1)
	case p < 600:
		s.placeOrders(2 + s.rnd.IntN(3))
	case p < 770:
		s.moveStatus()
	case p < 810:
		s.correctAmount()
	case p < 850:
		s.deleteOrder()
	case p < 865:
		s.renumberOrder()
	case p < 875:
		s.claimOrder()
	case p < 935:
		s.topUp()
	case p < 950:
		s.changeTier()
	case p < 990:
		s.chargeBack()
	default:
		s.withdrawChargeback()
	}
}
