import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** JDBC, with a connection kept between units and asked whether it is valid, as pools do. See python/survivor.py. */
public final class Survivor implements Runnable {
    private static final int USES = 5;
    private static final CountDownLatch ENDING = new CountDownLatch(1);

    private final int number;
    private Connection connection;
    private int uses;

    private Survivor(int number) {
        this.number = number;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < Integer.parseInt(System.getenv("SURVIVAL_WORKERS")); ++number) {
            threads.add(new Thread(new Survivor(number)));
        }
        threads.forEach(Thread::start);
        System.in.readAllBytes();
        ENDING.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Override
    public void run() {
        try {
            long pause = (long) (1000 * Double.parseDouble(System.getenv("SURVIVAL_PAUSE")));
            for (int turn = 1; !ENDING.await(pause, TimeUnit.MILLISECONDS); ++turn) {
                String name = System.getenv("SURVIVAL_NAME") + "/" + number + "/" + turn;
                try {
                    work(name);
                    System.out.println("done " + name);
                } catch (SQLException problem) {
                    String sqlstate = problem.getSQLState() == null ? "-----" : problem.getSQLState();
                    System.out.println("failed " + name + " " + sqlstate + " " + problem.getMessage().replaceAll("\\s+", " "));
                }
            }
        } catch (InterruptedException problem) {
            throw new IllegalStateException(problem);
        }
    }

    private void work(String name) throws SQLException, InterruptedException {
        connect();
        try (PreparedStatement pace = connection.prepareStatement("SELECT client_seconds FROM pace, pg_sleep(server_seconds)");
             PreparedStatement insert = connection.prepareStatement("INSERT INTO work (id) VALUES (?)")) {
            try (ResultSet rows = pace.executeQuery()) {
                rows.next();
                Thread.sleep((long) (1000 * rows.getDouble(1)));
            }
            insert.setString(1, name);
            insert.executeUpdate();
            connection.commit();
        } catch (SQLException problem) {
            connection.rollback();
            throw problem;
        }
    }

    private void connect() throws SQLException {
        ++uses;
        if (connection != null && (uses % USES == 0 || !connection.isValid(30))) {
            connection.close();
            connection = null;
        }
        if (connection == null) {
            Properties properties = new Properties();
            properties.setProperty("user", System.getenv("SURVIVAL_USER"));
            properties.setProperty("password", System.getenv("SURVIVAL_PASSWORD"));
            connection = DriverManager.getConnection("jdbc:postgresql://" + System.getenv("SURVIVAL_HOST") + ":"
                + System.getenv("SURVIVAL_PORT") + "/" + System.getenv("SURVIVAL_DATABASE"), properties);
            connection.setAutoCommit(false);
        }
    }
}
