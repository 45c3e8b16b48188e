import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;

/** The shop on JDBC with the driver's defaults, where statements are prepared on the server from their fifth run on. */
public final class Shop {
    public static void main(String[] arguments) throws InterruptedException {
        int count = Integer.parseInt(System.getenv("MATRIX_SESSIONS"));
        int rounds = Integer.parseInt(System.getenv("MATRIX_ROUNDS"));
        CyclicBarrier barrier = new CyclicBarrier(count);
        List<Session> sessions = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < count; ++number) {
            Session session = new Session(number);
            sessions.add(session);
            threads.add(new Thread(() -> run(session, barrier, rounds)));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println("{\"pids\": " + sessions.stream().map(session -> session.pids).toList()
            + ", \"checks\": " + sessions.stream().mapToInt(session -> session.checks).sum() + "}");
    }

    private static void run(Session session, CyclicBarrier barrier, int rounds) {
        try {
            session.run(barrier, rounds);
        } catch (Throwable problem) {
            problem.printStackTrace();
            Runtime.getRuntime().halt(1);   // the others wait for this session at the barrier
        }
    }
}
