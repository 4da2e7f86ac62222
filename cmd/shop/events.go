package shop

import (
	"fmt"
	"time"
)

// openAccount enters a customer and an account in one transaction.
func (s *Shop) openAccount() {
	n := len(s.customers) + 1
	at := s.stamp(0)
	c := customer{CustomerID: fmt.Sprintf("cust_%04d", n), Email: fmt.Sprintf("user%d@example.com", n), Tier: "basic", CreatedAt: at}
	cents := 10_000 + s.rnd.Int64N(90_000)
	a := account{AccountID: int64(5000 + n), CustomerID: c.CustomerID, Balance: money(cents), OpenedAt: at, cents: cents}
	a.Segment = segment(cents)
	s.customers = append(s.customers, c)
	s.accounts = append(s.accounts, a)
	s.wal.insert("customers", c)
	s.wal.insert("accounts", a)
}

// placeOrders is one transaction of n orders of a customer; a third of the customers pay from their account, in the same transaction.
func (s *Shop) placeOrders(n int) {
	who := s.someCustomer()
	total := int64(0)
	for range n {
		o := s.newOrder(s.customers[who].CustomerID)
		s.remember(o)
		s.wal.insert("orders", o)
		total += o.cents
	}
	if who%3 == 0 {
		s.book(who, -total)
	}
}

func (s *Shop) newOrder(customerID string) order {
	id := s.nextOrder
	s.nextOrder++
	cents := 199 + int64(s.rnd.ExpFloat64()*4500)
	merchant := fmt.Sprintf("m_%02d", s.busy.Uint64()+1)
	status := "paid"
	if s.rnd.IntN(5) == 0 {
		status = "open"
	}
	return order{
		OrderID: id, CustomerID: customerID, MerchantID: &merchant, Amount: money(cents), Status: &status,
		CreatedAt: s.stamp(s.delay()), cents: cents,
	}
}

// delay is how long before its commit an order was placed. Three in a hundred are late, up to three days (a till that was offline);
// one is a pre-order, dated up to a day ahead; the others took as long as a transaction takes.
func (s *Shop) delay() time.Duration {
	switch p := s.rnd.IntN(100); {
	case p < 3:
		return time.Duration(s.rnd.Int64N(int64(72 * time.Hour)))
	case p == 3:
		return -time.Duration(s.rnd.Int64N(int64(24 * time.Hour)))
	default:
		return time.Duration(s.rnd.Int64N(int64(20 * time.Millisecond)))
	}
}

// moveStatus is an update without a before image: open orders are paid, of the paid ones some are refunded or opened again.
func (s *Shop) moveStatus() {
	o := s.someOrder()
	next := "paid"
	if *o.Status == "paid" {
		next = "refunded"
		if s.rnd.IntN(4) == 0 {
			next = "open"
		}
	}
	o.Status = &next
	s.wal.update("orders", *o)
}

func (s *Shop) correctAmount() {
	o := s.someOrder()
	o.cents = max(1, o.cents+s.rnd.Int64N(2001)-1000)
	o.Amount = money(o.cents)
	s.wal.update("orders", *o)
}

func (s *Shop) deleteOrder() {
	i := s.rnd.IntN(len(s.orders))
	s.wal.delete("orders", s.orders[i].keyImage())
	last := len(s.orders) - 1
	s.orders[i] = s.orders[last]
	s.orders = s.orders[:last]
}

// renumberOrder changes a primary key: the connector sends a delete of the old one, its tombstone and an insert of the new one.
func (s *Shop) renumberOrder() {
	o := s.someOrder()
	old := *o
	o.OrderID = s.nextOrder
	s.nextOrder++
	s.wal.changeKey("orders", old.keyImage(), *o)
}

// claimOrder moves an order to another customer: a guest who has signed in.
func (s *Shop) claimOrder() {
	o := s.someOrder()
	o.CustomerID = s.customers[s.someCustomer()].CustomerID
	s.wal.update("orders", *o)
}

// topUp pays into an account: what it is overdrawn by, and more.
func (s *Shop) topUp() {
	who := s.someCustomer()
	s.book(who, max(0, -s.accounts[who].cents)+1_000+s.rnd.Int64N(100_000))
}

// book adds cents to a customer's account; the segment follows the balance.
func (s *Shop) book(who int, cents int64) {
	a := &s.accounts[who]
	a.cents += cents
	a.Balance = money(a.cents)
	a.Segment = segment(a.cents)
	s.wal.update("accounts", *a)
}

// segment is NULL for who has overdrawn.
func segment(cents int64) *string {
	name := "basic"
	switch {
	case cents < 0:
		return nil
	case cents >= 200_000:
		name = "gold"
	case cents >= 80_000:
		name = "silver"
	}
	return &name
}

func (s *Shop) changeTier() {
	c := &s.customers[s.someCustomer()]
	if c.Tier == "basic" {
		c.Tier = "plus"
	} else {
		c.Tier = "basic"
	}
	s.wal.update("customers", *c)
}

func (s *Shop) chargeBack() {
	o := s.someOrder()
	id := o.OrderID
	c := chargeback{ChargebackID: s.nextChargeback, MerchantID: *o.MerchantID, OrderID: &id, Amount: o.Amount, CreatedAt: s.stamp(0)}
	s.nextChargeback++
	s.chargebacks = append(s.chargebacks, c)
	if len(s.chargebacks) > remembered {
		s.chargebacks = s.chargebacks[1:]
	}
	s.wal.insert("chargebacks", c)
}

func (s *Shop) withdrawChargeback() {
	if len(s.chargebacks) == 0 {
		s.chargeBack()
		return
	}
	i := s.rnd.IntN(len(s.chargebacks))
	s.wal.delete("chargebacks", s.chargebacks[i].keyImage())
	s.chargebacks = append(s.chargebacks[:i], s.chargebacks[i+1:]...)
}

func (s *Shop) someCustomer() int { return int(s.popular.Uint64()) }

func (s *Shop) someOrder() *order { return &s.orders[s.rnd.IntN(len(s.orders))] }

// remember keeps o among the orders that may change; when there are enough, it takes the place of any.
func (s *Shop) remember(o order) {
	if len(s.orders) < remembered {
		s.orders = append(s.orders, o)
		return
	}
	s.orders[s.rnd.IntN(remembered)] = o
}

// stamp is a timestamptz(6) of the connector: UTC with six digits, ago before this transaction's commit.
func (s *Shop) stamp(ago time.Duration) string {
	return s.wal.commit.Add(-ago).UTC().Format("2006-01-02T15:04:05.000000Z")
}
