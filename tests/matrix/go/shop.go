// The shop on pgx with its defaults: every statement with values is prepared and kept in pgx's cache.
// See python/shop.py for what a session does.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
)

type zone struct {
	name  string
	noon  string // how noon UTC of 1 July 2024 reads there
	ahead int64  // seconds ahead of UTC on that day
}

var zones = []zone{
	{"UTC", "2024-07-01 12:00:00+00", 0},
	{"Europe/Berlin", "2024-07-01 14:00:00+02", 7200},
	{"America/New_York", "2024-07-01 08:00:00-04", -14400},
	{"Asia/Kolkata", "2024-07-01 17:30:00+05:30", 19800},
	{"Pacific/Chatham", "2024-07-02 00:45:00+12:45", 45900},
}

const (
	tenants  = 4
	noon     = 1719835200
	deadline = 300 * time.Second

	insertSQL = "INSERT INTO orders (session, item, amount, placed) VALUES ($1, $2, $3, $4) RETURNING id"
	countSQL  = "SELECT count(*) FROM orders WHERE session = $1"
	pidSQL    = "SELECT pg_backend_pid()"

	// The literal without a zone is read when the statement is parsed.
	settingsSQL = "SELECT current_setting('TimeZone'), current_schema(), (timestamptz '2024-07-01 12:00:00+00')::text," +
		" extract(epoch FROM timestamptz '2024-07-01 12:00:00')::bigint, (SELECT name FROM shop)"
)

var placed = time.Unix(noon, 0)

type session struct {
	number int
	tenant int
	zone   zone
	moved  bool
	kept   int64 // rows this session left in its tenant's orders
	conn   *pgx.Conn
	ctx    context.Context
	pids   []int32
	checks int
}

// must ends the program: a failed session leaves the others waiting.
func (s *session) must(problem error, what string) {
	if problem != nil {
		fmt.Fprintf(os.Stderr, "session %d: %s: %v\n", s.number, what, problem)
		os.Exit(1)
	}
}

func (s *session) expect(actual, expected interface{}, what string) {
	if actual != expected {
		s.must(fmt.Errorf("%v (%T) instead of %v (%T)", actual, actual, expected, expected), what)
	}
	s.checks++
}

func (s *session) expectError(problem error, sqlstate, what string) {
	var found *pgconn.PgError
	if !errors.As(problem, &found) || found.Code != sqlstate {
		s.must(fmt.Errorf("error %v instead of %s", problem, sqlstate), what)
	}
	s.checks++
}

func (s *session) schema() string { return "tenant_" + strconv.Itoa(s.tenant) }

func (s *session) connect(byLogin bool) *pgx.Conn {
	address := url.URL{
		Scheme: "postgres",
		User:   url.UserPassword(os.Getenv("MATRIX_USER"), os.Getenv("MATRIX_PASSWORD")),
		Host:   os.Getenv("MATRIX_HOST") + ":" + os.Getenv("MATRIX_PORT"),
		Path:   os.Getenv("MATRIX_DATABASE"),
	}
	config, problem := pgx.ParseConfig(address.String())
	s.must(problem, "parse the address")
	if byLogin {
		config.RuntimeParams["search_path"] = s.schema()
		config.RuntimeParams["timezone"] = s.zone.name
	}
	conn, problem := pgx.ConnectConfig(s.ctx, config)
	s.must(problem, "connect")
	return conn
}

// query is what connections and transactions have in common.
type query interface {
	QueryRow(ctx context.Context, sql string, arguments ...interface{}) pgx.Row
	Exec(ctx context.Context, sql string, arguments ...interface{}) (pgconn.CommandTag, error)
}

func (s *session) exec(on query, sql string, arguments ...interface{}) int64 {
	tag, problem := on.Exec(s.ctx, sql, arguments...)
	s.must(problem, sql)
	return tag.RowsAffected()
}

func (s *session) text(on query, sql string) string {
	var value string
	s.must(on.QueryRow(s.ctx, sql).Scan(&value), sql)
	return value
}

func (s *session) number64(on query, sql string, arguments ...interface{}) int64 {
	var value int64
	s.must(on.QueryRow(s.ctx, sql, arguments...).Scan(&value), sql)
	return value
}

// begin begins a transaction and notes its server.
func (s *session) begin() pgx.Tx {
	tx, problem := s.conn.Begin(s.ctx)
	s.must(problem, "begin")
	s.pids = append(s.pids, int32(s.number64(tx, pidSQL)))
	return tx
}

func (s *session) commit(tx pgx.Tx) {
	s.expect(int32(s.number64(tx, pidSQL)), s.pids[len(s.pids)-1], "server within a transaction")
	s.must(tx.Commit(s.ctx), "commit")
}

func (s *session) rollback(tx pgx.Tx) { s.must(tx.Rollback(s.ctx), "rollback") }

func (s *session) place() {
	tx := s.begin()
	s.exec(tx, "SET TIME ZONE '"+s.zone.name+"'")
	s.exec(tx, "SET search_path TO "+s.schema())
	s.commit(tx)
}

func (s *session) move() {
	s.moved = true
	s.kept = 0
	s.tenant = (s.number + 1) % tenants
	s.zone = zones[(s.number+2)%len(zones)]
	s.place()
}

func (s *session) migrate() {
	s.exec(s.conn, "SELECT pg_advisory_lock($1)", 4711)
	tx := s.begin()
	if s.text(tx, "SELECT (to_regclass('public.migrations') IS NULL)::text") == "true" {
		script, problem := os.ReadFile(os.Getenv("MATRIX_MIGRATION"))
		s.must(problem, "read the migration")
		s.exec(tx, string(script))
		s.exec(tx, "INSERT INTO public.migrations (session) VALUES ($1)", s.number)
	}
	s.commit(tx)
	s.expect(s.text(s.conn, "SELECT pg_advisory_unlock(4711)::text"), "true", "the lock was held")
	s.expect(s.number64(s.conn, "SELECT count(*) FROM public.migrations"), int64(1), "migrations")
}

func (s *session) check() {
	tx := s.begin()
	var zoneName, schema, noonText, shop string
	var literal int64
	s.must(tx.QueryRow(s.ctx, settingsSQL).Scan(&zoneName, &schema, &noonText, &literal, &shop), "settings")
	s.expect(zoneName, s.zone.name, "zone")
	s.expect(schema, s.schema(), "schema")
	s.expect(noonText, s.zone.noon, "noon")
	if !s.moved {
		// A plan made before the session moved keeps its literal as it was read.
		s.expect(literal, noon-s.zone.ahead, "literal")
	}
	s.expect(shop, "shop "+strconv.Itoa(s.tenant), "shop")
	s.expect(s.text(tx, "SHOW timezone"), s.zone.name, "SHOW timezone")
	s.expect(s.number64(tx, countSQL, s.number), s.kept, "orders")
	s.commit(tx)
}

func (s *session) createReadUpdateDelete(item string, turn int) {
	tx := s.begin()
	id := s.number64(tx, insertSQL, s.number, item, turn, placed)
	s.expect(s.exec(tx, "UPDATE orders SET amount = amount + $1 WHERE id = $2", 100, id), int64(1), "updated")
	s.commit(tx)
	tx = s.begin()
	var foundItem, text string
	var amount int
	var at time.Time
	row := tx.QueryRow(s.ctx, "SELECT item, amount, placed, placed::text FROM orders WHERE id = $1", id)
	s.must(row.Scan(&foundItem, &amount, &at, &text), "read")
	s.expect(foundItem, item, "item")
	s.expect(amount, turn+100, "amount")
	s.expect(at.Unix(), int64(noon), "placed")
	s.expect(text, s.zone.noon, "placed as text")
	if turn%8 == 0 {
		s.expect(s.exec(tx, "DELETE FROM orders WHERE id = $1", id), int64(1), "deleted")
	} else {
		s.kept++
	}
	s.commit(tx)
}

func (s *session) useSavepoints(item string) {
	tx := s.begin()
	s.exec(tx, insertSQL, s.number, item, 1, placed)
	nested, problem := tx.Begin(s.ctx)
	s.must(problem, "savepoint")
	s.exec(nested, "SET TIME ZONE 'Asia/Tokyo'")
	_, problem = nested.Exec(s.ctx, insertSQL, s.number, item, 2, placed)
	s.expectError(problem, "23505", "the same item twice")
	s.rollback(nested)
	s.expect(s.text(tx, "SHOW timezone"), s.zone.name, "zone after ROLLBACK TO")
	nested, problem = tx.Begin(s.ctx)
	s.must(problem, "savepoint")
	s.exec(nested, insertSQL, s.number, item+"-released", 3, placed)
	s.must(nested.Commit(s.ctx), "release")
	s.kept += 2
	s.commit(tx)
}

// useBatch sends many statements at once: one batch that is well, one with an error inside, and a COPY.
func (s *session) useBatch(item string) {
	batch := &pgx.Batch{}
	for at := 0; at < 5; at++ {
		batch.Queue(insertSQL, s.number, item+"-"+strconv.Itoa(at), at, placed)
	}
	batch.Queue(countSQL, s.number)
	s.kept += 5
	results := s.conn.SendBatch(s.ctx, batch)
	for at := 0; at < 5; at++ {
		_, problem := results.Exec()
		s.must(problem, "batch")
	}
	var count int64
	s.must(results.QueryRow().Scan(&count), "count in a batch")
	s.expect(count, s.kept, "count in a batch")
	s.must(results.Close(), "batch")

	batch = &pgx.Batch{}
	batch.Queue(insertSQL, s.number, item+"-again", 0, placed)
	batch.Queue("SELECT 1 / $1::int", 0)
	batch.Queue(countSQL, s.number)
	s.expectError(s.conn.SendBatch(s.ctx, batch).Close(), "22012", "error in a batch")

	tx := s.begin()
	rows := [][]interface{}{{s.number, item + "-copy", 1, placed}}
	copied, problem := tx.CopyFrom(s.ctx, pgx.Identifier{"orders"}, []string{"session", "item", "amount", "placed"}, pgx.CopyFromRows(rows))
	s.must(problem, "copy")
	s.expect(copied, int64(1), "copied")
	s.kept++
	s.commit(tx)
}

func (s *session) fail() {
	tx := s.begin()
	s.exec(tx, "SET search_path TO public")
	s.exec(tx, "SET TIME ZONE 'Asia/Tokyo'")
	_, problem := tx.Exec(s.ctx, "SELECT 1 / $1::int", 0)
	s.expectError(problem, "22012", "division by zero")
	s.rollback(tx)
	tx = s.begin()
	s.exec(tx, "SET LOCAL TIME ZONE 'Asia/Tokyo'")
	s.expect(s.text(tx, "SHOW timezone"), "Asia/Tokyo", "zone set locally")
	s.commit(tx)
}

// cancelInFlight sends cancels now and again until the statement has ended.
func (s *session) cancelInFlight() {
	// Begun first: a statement that waits for a server would be cancelled as well.
	tx := s.begin()
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
				s.must(s.conn.PgConn().CancelRequest(s.ctx), "cancel")
			}
		}
	}()
	_, problem := tx.Exec(s.ctx, "SELECT pg_sleep($1)", 60)
	close(done)
	<-ended
	s.expectError(problem, "57014", "cancelled")
	s.rollback(tx)
}

func (s *session) cancel() {
	s.cancelInFlight()
	tx := s.begin()
	s.exec(tx, "SET LOCAL statement_timeout = '50ms'")
	_, problem := tx.Exec(s.ctx, "SELECT pg_sleep($1)", 60)
	s.expectError(problem, "57014", "timed out")
	s.rollback(tx)
	s.check()

	// A context that ends makes pgx cancel and close; so this has a connection of its own.
	other := s.connect(true)
	short, stop := context.WithTimeout(s.ctx, 200*time.Millisecond)
	defer stop()
	_, problem = other.Exec(short, "SELECT pg_sleep($1)", 60)
	s.expect(problem != nil && short.Err() != nil, true, "context ended")
	s.expect(other.IsClosed(), true, "closed by pgx")
	s.check()
}

func (s *session) run(rounds int, barrier *barrier) {
	s.conn = s.connect(s.number%2 == 0)
	if s.number%2 == 1 {
		s.place()
	}
	barrier.wait()
	s.migrate()
	barrier.wait()
	for turn := 0; turn < rounds; turn++ {
		if turn == rounds/2 {
			if s.number%10 == 3 {
				s.cancel()
			}
			s.move()
		}
		item := fmt.Sprintf("%d-%d", s.number, turn)
		switch turn % 4 {
		case 0:
			s.createReadUpdateDelete(item, turn)
		case 1:
			s.useSavepoints(item)
		case 2:
			s.useBatch(item)
		default:
			s.fail()
		}
		s.check()
	}
	s.must(s.conn.Close(s.ctx), "close")
}

// barrier lets all sessions go on together, again and again.
type barrier struct {
	mutex   sync.Mutex
	all     int
	arrived int
	open    chan struct{}
}

func (b *barrier) wait() {
	b.mutex.Lock()
	open := b.open
	b.arrived++
	if b.arrived == b.all {
		b.arrived = 0
		b.open = make(chan struct{})
		close(open)
	}
	b.mutex.Unlock()
	<-open
}

func main() {
	count, _ := strconv.Atoi(os.Getenv("MATRIX_SESSIONS"))
	rounds, _ := strconv.Atoi(os.Getenv("MATRIX_ROUNDS"))
	ctx, stop := context.WithTimeout(context.Background(), deadline)
	defer stop()
	start := &barrier{all: count, open: make(chan struct{})}
	var group sync.WaitGroup
	sessions := make([]*session, count)
	for number := range sessions {
		sessions[number] = &session{number: number, tenant: number % tenants, zone: zones[number%len(zones)], ctx: ctx}
		group.Add(1)
		go func(s *session) {
			defer group.Done()
			s.run(rounds, start)
		}(sessions[number])
	}
	group.Wait()
	pids, checks := [][]int32{}, 0
	for _, s := range sessions {
		pids = append(pids, s.pids)
		checks += s.checks
	}
	if problem := json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"pids": pids, "checks": checks}); problem != nil {
		fmt.Fprintln(os.Stderr, problem)
		os.Exit(1)
	}
}
