// Package main is documented.
package main

import "fmt"

import (
	str "strings"
	. "math"
	_ "embed" // for effects
	"example.com/shop/go-cart"
	"./local"
)

// Limits.
const (
	Low, high = 1, 2
	Top int   = iota
)

var server = &Server{}
var handle = func(name string) error { return nil }

// Server serves.
//
//go:generate stringer
type Server struct {
	// the name
	Name, alias string `json:"name"`
	*Base
	pkg.Mixin[int]
	nested struct {
		inner interface{ Hidden() }
	}
}

// Grouped types.
type (
	// Celsius is a temperature.
	Celsius float64
	Handler  func(int) error
	Alias    = map[string]Server
)

type Stack[T any, K comparable] []T

/*
Store stores.
*/
type Store interface {
	// Get gets.
	Get(key string) (value int, err error)
	put(string, ...int)
	fmt.Stringer
	Reader[int]
	~int | string
}

// New makes one.
//go:noinline
func New(name string, options ...Option) (*Server, error) {
	local := Celsius(1)
	return &Server{Name: name}, fmt.Errorf("%v", float64(local))
}

func (s *Server) Run(ctx context.Context, a, b int) (n int, err error) {
	if a > 0 && b > 0 {
		for i := 0; i < a; i++ {
			continue
		}
	} else if ok := s.check(); ok {
		goto end
	} else {
		n = 1
	}
outer:
	for key, value := range s.values {
		break outer
	}
	switch {
	case a == 1, b == 1:
		return
	default:
	}
	switch v := any(a).(type) {
	case int, string:
		_ = v
	case nil:
	}
	select {
	case got, ok := <-s.queue:
		use(got)
	case s.queue <- 1:
	default:
	}
end:
	return
}

func (Celsius) String() string { return "" }

func (s Stack[T, K]) Push(x T) {}

func (o other) outside() {}

func assembly(x int) int

func calls() {
	defer close()
	go func(done chan bool) { work(done) }(nil)
	add, sub := func(a, b int) int { return a + b }, 2
	var fact func(int) int
	fact = func(n int) int { return n * fact(n-1) }
	Map[int](xs)
	slices.Sort[Item](xs)
	table[index](xs)
	table[0](xs)
	pairs[string, int](1, 2)
	a.b.Do(add(1, 2), xs...)
	(fact)(3)
	[]byte("x")
	make([]int, 3)
	items := []Item{}
	var one, two Item = x, y
	type inner struct{ x int }
	use(func() { nested() })
}

func TestRun(t *testing.T) { /* TODO */ }
func Testable(t *testing.T) {}
func TestMain(m *testing.M) {}
func FuzzRun(f *testing.F) {}

func trailing(trap, number uintptr,) (first, second uintptr)
func (/* who */ *Server) commented() { Map[int](xs, ys) }
func BenchmarkRun(b *testing.B) {}
func ExampleRun() {}
func Examples() {}
func ExampleConfig() int { return 1 }
