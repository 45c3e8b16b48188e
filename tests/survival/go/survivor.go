// pgx and its pool. See python/survivor.py.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

var output sync.Mutex

func say(words ...string) {
	output.Lock()
	defer output.Unlock()
	fmt.Println(strings.Join(strings.Fields(strings.Join(words, " ")), " "))
}

func unit(ctx context.Context, pool *pgxpool.Pool, name string) error {
	return pool.BeginFunc(ctx, func(transaction pgx.Tx) error {
		var seconds float64
		pace := transaction.QueryRow(ctx, "SELECT client_seconds FROM pace, pg_sleep(server_seconds)")
		if problem := pace.Scan(&seconds); problem != nil {
			return problem
		}
		time.Sleep(time.Duration(seconds * float64(time.Second)))
		_, problem := transaction.Exec(ctx, "INSERT INTO work (id) VALUES ($1)", name)
		return problem
	})
}

func work(pool *pgxpool.Pool, number int, pause time.Duration, ending <-chan struct{}) {
	for turn := 1; ; turn++ {
		select {
		case <-ending:
			return
		case <-time.After(pause):
		}
		name := fmt.Sprintf("%s/%d/%d", os.Getenv("SURVIVAL_NAME"), number, turn)
		problem := unit(context.Background(), pool, name)
		var told *pgconn.PgError
		switch {
		case problem == nil:
			say("done", name)
		case errors.As(problem, &told):
			say("failed", name, told.Code, problem.Error(), told.Detail)
		default:
			say("failed", name, "-----", problem.Error())
		}
	}
}

func fatal(problem error) {
	if problem != nil {
		fmt.Fprintln(os.Stderr, problem)
		os.Exit(1)
	}
}

func main() {
	config, problem := pgxpool.ParseConfig(os.Getenv("SURVIVAL_DSN"))
	fatal(problem)
	workers, problem := strconv.Atoi(os.Getenv("SURVIVAL_WORKERS"))
	fatal(problem)
	pause, problem := time.ParseDuration(os.Getenv("SURVIVAL_PAUSE") + "s")
	fatal(problem)
	// So that there are always new connections.
	config.MaxConnLifetime = 2 * time.Second
	config.MaxConns = int32(workers)
	pool, problem := pgxpool.ConnectConfig(context.Background(), config)
	fatal(problem)

	ending := make(chan struct{})
	var group sync.WaitGroup
	for number := 0; number < workers; number++ {
		group.Add(1)
		go func(number int) {
			defer group.Done()
			work(pool, number, pause, ending)
		}(number)
	}
	_, problem = io.Copy(io.Discard, os.Stdin)
	fatal(problem)
	close(ending)
	group.Wait()
	pool.Close()
}
