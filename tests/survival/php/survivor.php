<?php
// PDO, with a connection for each request (`per-request`) or a persistent one (`persistent`). See python/survivor.py.
declare(strict_types=1);

function say(string ...$words): void
{
    echo preg_replace('/\s+/', ' ', implode(' ', $words)), "\n";
}

// What a request does, from its connection on.
function unit(string $name, array $options): void
{
    $dsn = sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('SURVIVAL_HOST'), getenv('SURVIVAL_PORT'), getenv('SURVIVAL_DATABASE'));
    $pdo = new PDO($dsn, getenv('SURVIVAL_USER'), getenv('SURVIVAL_PASSWORD'), $options);
    $pdo->beginTransaction();
    try {
        $seconds = $pdo->query('SELECT client_seconds FROM pace, pg_sleep(server_seconds)')->fetchColumn();
        usleep((int) (1e6 * (float) $seconds));
        $pdo->prepare('INSERT INTO work (id) VALUES (?)')->execute([$name]);
        $pdo->commit();
    } catch (PDOException $problem) {
        if ($pdo->inTransaction()) {
            $pdo->rollBack();
        }
        throw $problem;
    }
}

$options = [PDO::ATTR_PERSISTENT => $argv[1] === 'persistent'];
$pause = (int) (1e6 * (float) getenv('SURVIVAL_PAUSE'));
stream_set_blocking(STDIN, false);
for ($turn = 1; fread(STDIN, 1) === '' && !feof(STDIN); ++$turn) {
    $name = getenv('SURVIVAL_NAME') . "/0/$turn";
    try {
        unit($name, $options);
        say('done', $name);
    } catch (PDOException $problem) {
        say('failed', $name, $problem->errorInfo[0] ?? '-----', $problem->getMessage());
    }
    usleep($pause);
}
