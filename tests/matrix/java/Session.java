import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;

/** One session of the shop; see python/shop.py for what it does. Its prepared statements live as long as its connection. */
final class Session {
    private static final OffsetDateTime PLACED = Instant.ofEpochSecond(Place.NOON).atOffset(ZoneOffset.UTC);

    // The literal without a zone is read when the statement is parsed.
    private static final String SETTINGS =
        "SELECT current_setting('TimeZone'), current_schema(), (timestamptz '2024-07-01 12:00:00+00')::text,"
        + " extract(epoch FROM timestamptz '2024-07-01 12:00:00')::bigint, (SELECT name FROM shop)";

    final List<Integer> pids = new ArrayList<>();
    int checks;

    private final int number;
    private Place place;
    private boolean isMoved;
    private long kept;   // rows this session left in its tenant's orders

    private Connection connection;
    private PreparedStatement pid;
    private PreparedStatement settings;
    private PreparedStatement insert;
    private PreparedStatement read;
    private PreparedStatement raise;
    private PreparedStatement delete;
    private PreparedStatement count;

    Session(int number) {
        this.number = number;
        place = Place.of(number, number);
    }

    void run(CyclicBarrier barrier, int rounds) throws Exception {
        try (Connection opened = connect()) {
            connection = opened;
            connection.setAutoCommit(false);
            if (number % 5 == 1) {
                connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            }
            prepare();
            setPlace(number % 2 == 1);
            barrier.await(300, TimeUnit.SECONDS);
            migrate();
            barrier.await(300, TimeUnit.SECONDS);
            for (int turn = 0; turn < rounds; ++turn) {
                if (turn == rounds / 2) {
                    if (number % 10 == 3) {
                        cancel();
                    }
                    move();
                }
                play(turn);
            }
        }
    }

    private Connection connect() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("MATRIX_USER"));
        properties.setProperty("password", System.getenv("MATRIX_PASSWORD"));
        if (number % 4 == 0) {
            properties.setProperty("currentSchema", place.schema());
        } else if (number % 4 == 2) {
            properties.setProperty("options", "-c search_path=" + place.schema());
        }
        return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("MATRIX_HOST") + ":" + System.getenv("MATRIX_PORT")
            + "/" + System.getenv("MATRIX_DATABASE"), properties);
    }

    private void setPlace(boolean withSchema) throws SQLException {
        begin();
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET TIME ZONE '" + place.zone() + "'");
            if (withSchema) {
                connection.setSchema(place.schema());
            }
        }
        connection.commit();
    }

    private void move() throws SQLException {
        isMoved = true;
        kept = 0;
        place = Place.of(number + 1, number + 2);
        setPlace(true);
    }

    private void expect(Object actual, Object expected, String what) {
        if (!Objects.equals(actual, expected)) {
            throw new AssertionError("session " + number + ": " + what + ": " + actual + " instead of " + expected);
        }
        ++checks;
    }

    private Object value(PreparedStatement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery()) {
            expect(rows.next(), true, "a row");
            return rows.getObject(1);
        }
    }

    private Object value(String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            return value(statement);
        }
    }

    private void begin() throws SQLException {
        pids.add((Integer) value(pid));
    }

    private void commit() throws SQLException {
        expect(value(pid), pids.get(pids.size() - 1), "server within a transaction");
        connection.commit();
    }

    private void migrate() throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_advisory_lock(4711)");
            connection.commit();
            begin();
            if (value("SELECT to_regclass('public.migrations')::text") == null) {
                statement.execute(Files.readString(Path.of(System.getenv("MATRIX_MIGRATION"))));
                statement.execute("INSERT INTO public.migrations (session) VALUES (" + number + ")");
            }
            connection.commit();
            begin();
            expect(value("SELECT pg_advisory_unlock(4711)"), true, "the lock was held");
            expect(value("SELECT count(*) FROM public.migrations"), 1L, "migrations");
            connection.commit();
        }
    }

    private void prepare() throws SQLException {
        pid = connection.prepareStatement("SELECT pg_backend_pid()");
        settings = connection.prepareStatement(SETTINGS);
        insert = connection.prepareStatement("INSERT INTO orders (session, item, amount, placed) VALUES (?, ?, ?, ?) RETURNING id");
        read = connection.prepareStatement("SELECT item, amount, placed, placed::text FROM orders WHERE id = ?");
        raise = connection.prepareStatement("UPDATE orders SET amount = amount + ? WHERE id = ?");
        delete = connection.prepareStatement("DELETE FROM orders WHERE id = ?");
        count = connection.prepareStatement("SELECT count(*) FROM orders WHERE session = ?");
        count.setInt(1, number);
    }

    private void setOrder(PreparedStatement statement, String item, int amount) throws SQLException {
        statement.setInt(1, number);
        statement.setString(2, item);
        statement.setInt(3, amount);
        statement.setObject(4, PLACED);
    }

    private long insert(String item, int amount) throws SQLException {
        setOrder(insert, item, amount);
        return (Long) value(insert);
    }

    private void check() throws SQLException {
        try (ResultSet row = settings.executeQuery()) {
            row.next();
            expect(row.getString(1), place.zone(), "zone");
            expect(row.getString(2), place.schema(), "schema");
            expect(row.getString(3), place.noon(), "noon");
            // A plan made before the session moved keeps its literal as it was read.
            expect(isMoved || row.getLong(4) == Place.NOON - place.ahead(), true, "literal");
            expect(row.getString(5), place.shop(), "shop");
        }
        expect(value("SHOW transaction_isolation"), number % 5 == 1 ? "repeatable read" : "read committed", "isolation");
        expect(value(count), kept, "orders");
    }

    private void checkInTransaction() throws SQLException {
        begin();
        check();
        commit();
    }

    private void play(int turn) throws SQLException {
        String item = number + "-" + turn;
        switch (turn % 4) {
            case 0 -> createReadUpdateDelete(item, turn);
            case 1 -> useSavepoints(item);
            case 2 -> useBatchAndCursor(item);
            default -> fail(item);
        }
        checkInTransaction();
    }

    private void createReadUpdateDelete(String item, int turn) throws SQLException {
        begin();
        long id = insert(item, turn);
        raise.setInt(1, 100);
        raise.setLong(2, id);
        expect(raise.executeUpdate(), 1, "updated");
        commit();
        begin();
        read.setLong(1, id);
        try (ResultSet row = read.executeQuery()) {
            row.next();
            expect(row.getString(1), item, "item");
            expect(row.getInt(2), turn + 100, "amount");
            expect(row.getObject(3, OffsetDateTime.class).toInstant(), PLACED.toInstant(), "placed");
            expect(row.getString(4), place.noon(), "placed as text");
        }
        if (turn % 8 == 0) {
            delete.setLong(1, id);
            expect(delete.executeUpdate(), 1, "deleted");
        } else {
            ++kept;
        }
        commit();
    }

    private void useSavepoints(String item) throws SQLException {
        begin();
        insert(item, 1);
        Savepoint savepoint = connection.setSavepoint();
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET TIME ZONE 'Asia/Tokyo'");
            insert(item, 2);
            throw new AssertionError("a duplicate was let in");
        } catch (SQLException problem) {
            expect(problem.getSQLState(), "23505", "SQLSTATE");
            connection.rollback(savepoint);
        }
        expect(value("SHOW timezone"), place.zone(), "zone after ROLLBACK TO");
        Savepoint named = connection.setSavepoint("named one");
        insert(item + "-released", 3);
        connection.releaseSavepoint(named);
        kept += 2;
        commit();
    }

    private void useBatchAndCursor(String item) throws SQLException {
        begin();
        try (PreparedStatement batch = connection.prepareStatement("INSERT INTO orders (session, item, amount, placed) VALUES (?, ?, ?, ?)")) {
            for (int at = 0; at < 10; ++at) {
                setOrder(batch, item + "-" + at, at);
                batch.addBatch();
            }
            expect(batch.executeBatch().length, 10, "batch");
            kept += 10;
            commit();
            begin();
            for (int at = 10; at > 0; --at) {
                setOrder(batch, item + "-" + at, at);
                batch.addBatch();
            }
            batch.executeBatch();
            throw new AssertionError("a duplicate was let in");
        } catch (BatchUpdateException problem) {
            expect(problem.getSQLState(), "23505", "SQLSTATE");
            connection.rollback();
        }
        begin();
        try (PreparedStatement numbers = connection.prepareStatement("SELECT generate_series(1, ?)")) {
            numbers.setFetchSize(50);
            numbers.setInt(1, 300);
            long sum = 0;
            try (ResultSet rows = numbers.executeQuery()) {
                while (rows.next()) {
                    sum += rows.getInt(1);
                }
            }
            expect(sum, 45150L, "cursor");
        }
        commit();
    }

    private void expectFailure(String sqlstate, String... statements) throws SQLException {
        begin();
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
            throw new AssertionError("no error: " + String.join("; ", statements));
        } catch (SQLException problem) {
            expect(problem.getSQLState(), sqlstate, "SQLSTATE");
            connection.rollback();
        }
    }

    private void fail(String item) throws SQLException {
        expectFailure("22012", "SET search_path TO public", "SET TIME ZONE 'Asia/Tokyo'", "SELECT 1 / 0");
        begin();
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LOCAL TIME ZONE 'Asia/Tokyo'");
        }
        expect(value("SHOW timezone"), "Asia/Tokyo", "zone set locally");
        commit();
    }

    /** A second is the shortest the driver knows: only a few do this, for each holds a server all that time. */
    private void timeOut(PreparedStatement sleep) throws SQLException {
        begin();
        sleep.setQueryTimeout(1);
        try {
            sleep.executeQuery();
            throw new AssertionError("no timeout");
        } catch (SQLException problem) {
            expect(problem.getSQLState(), "57014", "SQLSTATE");
            connection.rollback();
        }
    }

    /** A cancel from another thread, the driver's own timeout, and the server's; the connection goes on after each. */
    private void cancel() throws Exception {
        begin();
        CountDownLatch done = new CountDownLatch(1);
        try (PreparedStatement sleep = connection.prepareStatement("SELECT pg_sleep(60)")) {
            Thread canceller = new Thread(() -> {
                try {
                    while (!done.await(100, TimeUnit.MILLISECONDS)) {
                        sleep.cancel();
                    }
                } catch (InterruptedException | SQLException problem) {
                    throw new IllegalStateException(problem);
                }
            });
            canceller.start();
            try {
                sleep.executeQuery();
                throw new AssertionError("not cancelled");
            } catch (SQLException problem) {
                expect(problem.getSQLState(), "57014", "SQLSTATE");
            } finally {
                done.countDown();
                canceller.join();
            }
            connection.rollback();
            if (number % 25 == 3) {
                timeOut(sleep);
            }
        }
        expectFailure("57014", "SET LOCAL statement_timeout = '50ms'", "SELECT pg_sleep(60)");
        checkInTransaction();
    }
}
