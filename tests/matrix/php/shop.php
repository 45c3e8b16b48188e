<?php
// The shop on PDO with its defaults: every prepared statement is one of the server's, made with the
// first execute() and taken back by DEALLOCATE when its object goes. A process is forked for each
// session. See python/shop.py for what a session does.
declare(strict_types=1);

const TENANTS = 4;
const NOON = 1719835200;
// Name, how noon UTC of 1 July 2024 reads there, and the seconds it is ahead of UTC on that day.
const ZONES = [
    ['UTC', '2024-07-01 12:00:00+00', 0],
    ['Europe/Berlin', '2024-07-01 14:00:00+02', 7200],
    ['America/New_York', '2024-07-01 08:00:00-04', -14400],
    ['Asia/Kolkata', '2024-07-01 17:30:00+05:30', 19800],
    ['Pacific/Chatham', '2024-07-02 00:45:00+12:45', 45900],
];
// The literal without a zone is read when the statement is parsed.
const SETTINGS = "SELECT current_setting('TimeZone'), current_schema(), (timestamptz '2024-07-01 12:00:00+00')::text,"
    . " extract(epoch FROM timestamptz '2024-07-01 12:00:00')::bigint, (SELECT name FROM shop)";

final class Session
{
    public array $pids = [];
    public int $checks = 0;
    private PDO $pdo;
    private int $tenant;
    private array $zone;
    private bool $isMoved = false;
    private int $kept = 0;   // rows this session left in its tenant's orders
    private PDOStatement $pid;
    private PDOStatement $settings;
    private PDOStatement $insert;
    private PDOStatement $count;

    public function __construct(private int $number)
    {
        $this->tenant = $number % TENANTS;
        $this->zone = ZONES[$number % count(ZONES)];
    }

    public function run($start, int $rounds): void
    {
        $byLogin = $this->number % 2 === 0;
        $this->connect($byLogin);
        if (!$byLogin) {
            $this->place();
        }
        fgets($start);   // until the parent has started all sessions
        $this->migrate();
        for ($turn = 0; $turn < $rounds; ++$turn) {
            if ($turn === intdiv($rounds, 2)) {
                if ($this->number % 10 === 3) {
                    $this->timeOut();
                }
                $this->move();
            }
            $item = "{$this->number}-{$turn}";
            match ($turn % 4) {
                0 => $this->createReadUpdateDelete($item, $turn),
                1 => $this->useSavepoints($item),
                2 => $this->useLastInsertId($item),
                default => $this->fail($item),
            };
            $this->check();
        }
    }

    private function schema(): string
    {
        return "tenant_{$this->tenant}";
    }

    private function connect(bool $byLogin): void
    {
        $dsn = sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('MATRIX_HOST'), getenv('MATRIX_PORT'), getenv('MATRIX_DATABASE'));
        if ($byLogin) {
            $dsn .= ";options='-c search_path={$this->schema()} -c TimeZone={$this->zone[0]}'";
        }
        $this->pdo = new PDO($dsn, getenv('MATRIX_USER'), getenv('MATRIX_PASSWORD'));
        $this->pid = $this->pdo->prepare('SELECT pg_backend_pid()');
        $this->settings = $this->pdo->prepare(SETTINGS);
        $this->insert = $this->pdo->prepare('INSERT INTO orders (session, item, amount, placed) VALUES (?, ?, ?, ?)');
        $this->count = $this->pdo->prepare('SELECT count(*) FROM orders WHERE session = ?');
    }

    private function expect(mixed $actual, mixed $expected, string $what): void
    {
        if ($actual !== $expected) {
            throw new Exception("session {$this->number}: $what: " . json_encode($actual) . ' instead of ' . json_encode($expected));
        }
        ++$this->checks;
    }

    private function value(string $sql, mixed ...$arguments): mixed
    {
        $statement = $this->pdo->prepare($sql);
        $statement->execute($arguments);
        return $statement->fetchColumn();
    }

    private function pid(): int
    {
        $this->pid->execute();
        return $this->pid->fetchColumn();
    }

    private function begin(): void
    {
        $this->pdo->beginTransaction();
        $this->pids[] = $this->pid();
    }

    private function commit(): void
    {
        $this->expect($this->pid(), end($this->pids), 'server within a transaction');
        $this->pdo->commit();
    }

    private function place(): void
    {
        $this->begin();
        $this->pdo->exec("SET TIME ZONE '{$this->zone[0]}'");
        $this->pdo->exec("SET search_path TO {$this->schema()}");
        $this->commit();
    }

    private function move(): void
    {
        $this->isMoved = true;
        $this->kept = 0;
        $this->tenant = ($this->number + 1) % TENANTS;
        $this->zone = ZONES[($this->number + 2) % count(ZONES)];
        $this->place();
    }

    private function migrate(): void
    {
        $this->pdo->exec('SELECT pg_advisory_lock(4711)');
        $this->begin();
        if ($this->value("SELECT to_regclass('public.migrations')::text") === null) {
            $this->pdo->exec(file_get_contents(getenv('MATRIX_MIGRATION')));
            $this->pdo->exec("INSERT INTO public.migrations (session) VALUES ({$this->number})");
        }
        $this->commit();
        $this->expect($this->value('SELECT pg_advisory_unlock(4711)'), true, 'the lock was held');
        $this->expect($this->value('SELECT count(*) FROM public.migrations'), 1, 'migrations');
    }

    private function insert(string $item, int $amount): void
    {
        $this->insert->execute([$this->number, $item, $amount, ZONES[0][1]]);
    }

    private function check(): void
    {
        $this->begin();
        $this->settings->execute();
        [$zone, $schema, $noon, $literal, $shop] = $this->settings->fetch(PDO::FETCH_NUM);
        $this->expect([$zone, $schema, $noon, $shop], [$this->zone[0], $this->schema(), $this->zone[1], "shop {$this->tenant}"], 'settings');
        if (!$this->isMoved) {
            // A plan made before the session moved keeps its literal as it was read.
            $this->expect($literal, NOON - $this->zone[2], 'literal');
        }
        $this->expect($this->value('SHOW timezone'), $this->zone[0], 'SHOW timezone');
        $this->count->execute([$this->number]);
        $this->expect($this->count->fetchColumn(), $this->kept, 'orders');
        $this->commit();
    }

    private function createReadUpdateDelete(string $item, int $turn): void
    {
        $this->begin();
        $this->insert($item, $turn);
        $update = $this->pdo->prepare('UPDATE orders SET amount = amount + :more WHERE item = :item');
        $update->execute(['more' => 100, 'item' => $item]);
        $this->expect($update->rowCount(), 1, 'updated');
        $this->commit();
        $this->begin();
        $read = $this->pdo->prepare('SELECT item, amount, placed FROM orders WHERE item = ?');
        $read->execute([$item]);
        $this->expect($read->fetchAll(PDO::FETCH_NUM), [[$item, $turn + 100, $this->zone[1]]], 'order');
        if ($turn % 8 === 0) {
            $delete = $this->pdo->prepare('DELETE FROM orders WHERE item = ?');
            $delete->execute([$item]);
            $this->expect($delete->rowCount(), 1, 'deleted');
        } else {
            ++$this->kept;
        }
        $this->commit();
    }

    private function useSavepoints(string $item): void
    {
        $this->begin();
        $this->insert($item, 1);
        $this->pdo->exec('SAVEPOINT here');
        $this->pdo->exec("SET TIME ZONE 'Asia/Tokyo'");
        try {
            $this->insert($item, 2);
            throw new Exception('a duplicate was let in');
        } catch (PDOException $problem) {
            $this->expect($problem->getCode(), '23505', 'SQLSTATE');
        }
        $this->pdo->exec('ROLLBACK TO here');
        $this->expect($this->value('SHOW timezone'), $this->zone[0], 'zone after ROLLBACK TO');
        $this->insert("$item-released", 3);
        $this->pdo->exec('RELEASE here');
        $this->kept += 2;
        $this->commit();
    }

    /** PDO asks for LASTVAL(), or for CURRVAL() where it is given a sequence. */
    private function useLastInsertId(string $item): void
    {
        for ($at = 0; $at < 3; ++$at) {
            $this->begin();
            $this->insert("$item-$at", $at);
            $identity = $this->pdo->lastInsertId();
            $this->expect((int) $identity, $this->value('SELECT id FROM orders WHERE item = ?', "$item-$at"), 'lastInsertId()');
            $this->expect($this->pdo->lastInsertId("{$this->schema()}.orders_id_seq"), $identity, 'lastInsertId(sequence)');
            ++$this->kept;
            $this->commit();
        }
    }

    private function expectFailure(string $sqlstate, string ...$statements): void
    {
        $this->begin();
        try {
            foreach ($statements as $statement) {
                $this->pdo->exec($statement);
            }
            throw new Exception('no error: ' . implode('; ', $statements));
        } catch (PDOException $problem) {
            $this->expect($problem->getCode(), $sqlstate, 'SQLSTATE');
        }
        $this->pdo->rollBack();
    }

    private function fail(string $item): void
    {
        $this->expectFailure('22012', 'SET search_path TO public', "SET TIME ZONE 'Asia/Tokyo'", 'SELECT 1 / 0');
        $this->begin();
        $this->pdo->exec("SET LOCAL TIME ZONE 'Asia/Tokyo'");
        $this->expect($this->value('SHOW timezone'), 'Asia/Tokyo', 'zone set locally');
        $this->commit();
    }

    /** PDO cannot cancel: a timeout of the server's, for one transaction and then for the session. */
    private function timeOut(): void
    {
        $this->expectFailure('57014', "SET LOCAL statement_timeout = '50ms'", 'SELECT pg_sleep(60)');
        $this->check();
        $this->pdo->exec("SET statement_timeout = '50ms'");
        $this->expectFailure('57014', 'SELECT pg_sleep(60)');
        $this->expect($this->value('SHOW statement_timeout'), '50ms', 'statement_timeout');
        $this->pdo->exec('RESET statement_timeout');
        $this->check();
    }
}

/** Runs a session in this process and writes what it has to report. */
function child(int $number, $start, $report): never
{
    try {
        $session = new Session($number);
        $session->run($start, (int) getenv('MATRIX_ROUNDS'));
        fwrite($report, json_encode([$session->pids, $session->checks]));
        exit(0);
    } catch (Throwable $problem) {
        fwrite(STDERR, "$problem\n");
        exit(1);
    }
}

function pair(): array
{
    return stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, STREAM_IPPROTO_IP);
}

$children = [];
for ($number = 0; $number < (int) getenv('MATRIX_SESSIONS'); ++$number) {
    [$start, $childStart] = pair();
    [$report, $childReport] = pair();
    $pid = pcntl_fork();
    if ($pid === 0) {
        child($number, $childStart, $childReport);
    }
    fclose($childStart);
    fclose($childReport);
    $children[$pid] = [$start, $report];
}
foreach ($children as [$start, $report]) {
    fwrite($start, "go\n");
}
$pids = [];
$checks = 0;
$failed = 0;
foreach ($children as $pid => [$start, $report]) {
    $answer = json_decode(stream_get_contents($report) ?: 'null');
    pcntl_waitpid($pid, $status);
    if ($status !== 0 || $answer === null) {
        ++$failed;
        continue;
    }
    $pids[] = $answer[0];
    $checks += $answer[1];
}
echo json_encode(['pids' => $pids, 'checks' => $checks]), "\n";
exit($failed === 0 ? 0 : 1);
