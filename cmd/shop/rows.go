package shop

import "fmt"

// The rows as they stand in an image, columns in the order of their table. A pointer is a nullable column.
type (
	customer struct {
		CustomerID string `json:"customer_id"`
		Email      string `json:"email"`
		Tier       string `json:"tier"`
		CreatedAt  string `json:"created_at"`
	}
	account struct {
		AccountID  int64   `json:"account_id"`
		CustomerID string  `json:"customer_id"`
		Balance    *string `json:"balance"`
		Segment    *string `json:"segment"`
		OpenedAt   string  `json:"opened_at"`
		cents      int64
	}
	order struct {
		OrderID    int64   `json:"order_id"`
		CustomerID string  `json:"customer_id"`
		MerchantID *string `json:"merchant_id"`
		Amount     *string `json:"amount"`
		Status     *string `json:"status"`
		CreatedAt  string  `json:"created_at"`
		cents      int64
	}
	chargeback struct {
		ChargebackID int64   `json:"chargeback_id"`
		MerchantID   string  `json:"merchant_id"`
		OrderID      *int64  `json:"order_id"`
		Amount       *string `json:"amount"`
		CreatedAt    string  `json:"created_at"`
	}
)

// noTime is what the connector invents for a NOT NULL timestamp in the before image of a delete.
const noTime = "1970-01-01T00:00:00Z"

// The before images of deletes under REPLICA IDENTITY DEFAULT: the key is true, NULLs and the defaults of NOT NULL
// columns are invented by the connector. A consumer that believed them would retract from the customer "".

func (o order) keyImage() any {
	return order{OrderID: o.OrderID, CreatedAt: noTime}
}

func (c chargeback) keyImage() any {
	return chargeback{ChargebackID: c.ChargebackID, CreatedAt: noTime}
}

// money prints cents as a numeric(12,2) in decimal.handling.mode string.
func money(cents int64) *string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	s := fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
	return &s
}
