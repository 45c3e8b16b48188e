# The shop on Ruby's pg with its defaults, a thread for each session: exec_params for what runs once,
# and statements prepared by name that live as long as their connection. See python/shop.py for what
# a session does.
require "json"
require "pg"

TENANTS = 4
NOON = 1_719_835_200
# Name, how noon UTC of 1 July 2024 reads there, and the seconds it is ahead of UTC on that day.
ZONES = [
  ["UTC", "2024-07-01 12:00:00+00", 0],
  ["Europe/Berlin", "2024-07-01 14:00:00+02", 7200],
  ["America/New_York", "2024-07-01 08:00:00-04", -14_400],
  ["Asia/Kolkata", "2024-07-01 17:30:00+05:30", 19_800],
  ["Pacific/Chatham", "2024-07-02 00:45:00+12:45", 45_900]
].freeze
STATEMENTS = {
  "pid" => "SELECT pg_backend_pid()",
  "insert_order" => "INSERT INTO orders (session, item, amount, placed) VALUES ($1, $2, $3, $4) RETURNING id",
  "read_order" => "SELECT item, amount, placed FROM orders WHERE id = $1",
  "count_orders" => "SELECT count(*) FROM orders WHERE session = $1",
  # The literal without a zone is read when the statement is parsed.
  "settings" => "SELECT current_setting('TimeZone'), current_schema(), (timestamptz '2024-07-01 12:00:00+00')::text, " \
                "extract(epoch FROM timestamptz '2024-07-01 12:00:00')::bigint, (SELECT name FROM shop)"
}.freeze

# Lets all threads go on together.
class Barrier
  def initialize(count)
    @missing = count
    @mutex = Mutex.new
    @open = ConditionVariable.new
  end

  def wait
    @mutex.synchronize do
      @missing -= 1
      @open.broadcast if @missing.zero?
      @open.wait(@mutex) until @missing <= 0
    end
  end
end

class Session
  attr_reader :pids, :checks

  def initialize(number)
    @number = number
    @pids = []
    @checks = 0
    @kept = 0 # rows this session left in its tenant's orders
    @moved = false
    locate(number, number)
  end

  def run(connected, migrated, rounds)
    by_login = @number.even?
    @connection = connect(by_login)
    place unless by_login
    connected.wait
    migrate
    migrated.wait
    STATEMENTS.each { |name, sql| @connection.prepare(name, sql) }
    rounds.times do |turn|
      if turn == rounds / 2
        cancel if @number % 10 == 3
        move
      end
      play("#{@number}-#{turn}", turn)
      check
    end
    @connection.close
  end

  private

  def locate(tenant, zone)
    @tenant = tenant % TENANTS
    @schema = "tenant_#{@tenant}"
    @zone, @noon, @ahead = ZONES[zone % ZONES.size]
  end

  def connect(by_login)
    settings = by_login ? { options: "-c search_path=#{@schema} -c TimeZone=#{@zone}" } : {}
    PG.connect(host: ENV.fetch("MATRIX_HOST"), port: ENV.fetch("MATRIX_PORT"), user: ENV.fetch("MATRIX_USER"),
               password: ENV.fetch("MATRIX_PASSWORD"), dbname: ENV.fetch("MATRIX_DATABASE"), **settings)
  end

  def expect(actual, expected, what)
    raise "session #{@number}: #{what}: #{actual.inspect} instead of #{expected.inspect}" if actual != expected

    @checks += 1
  end

  def expect_error(error, what)
    yield
  rescue error
    @checks += 1
  else
    raise "session #{@number}: no #{error}: #{what}"
  end

  def value(sql, *values)
    @connection.exec_params(sql, values).getvalue(0, 0)
  end

  def prepared(name, *values)
    @connection.exec_prepared(name, values)
  end

  # One transaction, which notes its server and stays on it.
  def transaction
    @connection.transaction do
      @pids << value("SELECT pg_backend_pid()").to_i
      result = yield
      expect(value("SELECT pg_backend_pid()").to_i, @pids.last, "server within a transaction")
      result
    end
  end

  def place
    transaction do
      @connection.exec("SET TIME ZONE '#{@zone}'")
      @connection.exec("SET search_path TO #{@schema}")
    end
  end

  def move
    @moved = true
    @kept = 0
    locate(@number + 1, @number + 2)
    place
  end

  def migrate
    @connection.exec("SELECT pg_advisory_lock(4711)")
    transaction do
      if value("SELECT to_regclass('public.migrations')").nil?
        @connection.exec(File.read(ENV.fetch("MATRIX_MIGRATION")))
        @connection.exec_params("INSERT INTO public.migrations (session) VALUES ($1)", [@number])
      end
    end
    expect(value("SELECT pg_advisory_unlock(4711)"), "t", "the lock was held")
    expect(value("SELECT count(*) FROM public.migrations"), "1", "migrations")
  end

  def check
    transaction do
      zone, schema, noon, literal, shop = prepared("settings").values.first
      expect([zone, schema, noon, shop], [@zone, @schema, @noon, "shop #{@tenant}"], "settings")
      # A plan made before the session moved keeps its literal as it was read.
      expect(literal.to_i, NOON - @ahead, "literal") unless @moved
      expect(@connection.exec("SHOW timezone").getvalue(0, 0), @zone, "SHOW timezone")
      expect(@connection.parameter_status("TimeZone"), @zone, "ParameterStatus TimeZone")
      expect(prepared("count_orders", @number).getvalue(0, 0).to_i, @kept, "orders")
    end
  end

  def play(item, turn)
    case turn % 4
    when 0 then create_read_update_delete(item, turn)
    when 1 then use_savepoints(item)
    when 2 then set_locally
    else fail_inside(item)
    end
  end

  def insert(item, amount)
    prepared("insert_order", @number, item, amount, ZONES[0][1]).getvalue(0, 0)
  end

  def create_read_update_delete(item, turn)
    identity = transaction do
      inserted = insert(item, turn)
      changed = @connection.exec_params("UPDATE orders SET amount = amount + $1 WHERE id = $2", [100, inserted])
      expect(changed.cmd_tuples, 1, "updated")
      inserted
    end
    transaction do
      expect(prepared("read_order", identity).values, [[item, (turn + 100).to_s, @noon]], "order")
      if (turn % 8).zero?
        expect(@connection.exec_params("DELETE FROM orders WHERE id = $1", [identity]).cmd_tuples, 1, "deleted")
      else
        @kept += 1
      end
    end
  end

  def use_savepoints(item)
    transaction do
      insert(item, 1)
      @connection.exec("SAVEPOINT here")
      @connection.exec("SET TIME ZONE 'Asia/Tokyo'")
      expect_error(PG::UniqueViolation, "the same item twice") { insert(item, 2) }
      @connection.exec("ROLLBACK TO here")
      expect(value("SHOW timezone"), @zone, "zone after ROLLBACK TO")
      insert("#{item}-released", 3)
      @connection.exec("RELEASE here")
      @kept += 2
    end
  end

  def set_locally
    transaction do
      @connection.exec("SET LOCAL TIME ZONE 'Asia/Tokyo'")
      expect(value("SHOW timezone"), "Asia/Tokyo", "zone set locally")
    end
  end

  def fail_inside(item)
    expect_error(PG::DivisionByZero, "division by zero") do
      transaction do
        insert(item, 1)
        @connection.exec("SET search_path TO public")
        @connection.exec_params("SELECT 1 / $1::int", [0])
      end
    end
  end

  # A cancel when the answer is not there in time, then a timeout of the server's.
  def cancel
    expect_error(PG::QueryCanceled, "cancelled") do
      transaction do
        @connection.send_query("SELECT pg_sleep(60)")
        # A cancel before the statement has begun is of no effect.
        @connection.cancel until @connection.block(0.1)
        @connection.get_last_result
      end
    end
    expect_error(PG::QueryCanceled, "timed out") do
      transaction do
        @connection.exec("SET LOCAL statement_timeout = '50ms'")
        @connection.exec_params("SELECT pg_sleep($1)", [60])
      end
    end
    check
  end
end

count = Integer(ENV.fetch("MATRIX_SESSIONS"))
rounds = Integer(ENV.fetch("MATRIX_ROUNDS"))
connected = Barrier.new(count)
migrated = Barrier.new(count)
sessions = Array.new(count) { |number| Session.new(number) }
# An error in one thread ends the program: the others wait for it at a barrier.
Thread.abort_on_exception = true
sessions.map { |session| Thread.new { session.run(connected, migrated, rounds) } }.each(&:join)
puts JSON.generate(pids: sessions.map(&:pids), checks: sessions.sum(&:checks))
