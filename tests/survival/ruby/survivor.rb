# Ruby's pg: a connection for each thread, reset when it is broken. See python/survivor.py.
require "pg"

USES = 5
PAUSE = Float(ENV.fetch("SURVIVAL_PAUSE"))
OUTPUT = Mutex.new

def say(*words)
  line = words.join(" ").split.join(" ")
  OUTPUT.synchronize do
    $stdout.puts(line)
    $stdout.flush
  end
end

class Worker
  def initialize(number)
    @number = number
    @turn = 0
  end

  # `ending` is empty as long as the program goes on.
  def run(ending)
    while ending.empty?
      @turn += 1
      name = "#{ENV.fetch('SURVIVAL_NAME')}/#{@number}/#{@turn}"
      begin
        unit(name)
        say("done", name)
      rescue PG::Error => e
        say("failed", name, e.result&.error_field(PG::PG_DIAG_SQLSTATE) || "-----", e.message)
      end
      sleep(PAUSE)
    end
    @connection.close unless @connection.nil? || @connection.finished?
  end

  private

  def unit(name)
    connect
    @connection.transaction do |transaction|
      seconds = transaction.exec("SELECT client_seconds FROM pace, pg_sleep(server_seconds)").getvalue(0, 0)
      sleep(Float(seconds))
      transaction.exec_params("INSERT INTO work (id) VALUES ($1)", [name])
    end
  end

  def connect
    if @connection.nil? || @connection.finished?
      @connection = PG.connect(ENV.fetch("SURVIVAL_DSN"))
    elsif @connection.status != PG::CONNECTION_OK || (@turn % USES).zero?
      @connection.reset
    end
  end
end

ending = Queue.new
threads = Array.new(Integer(ENV.fetch("SURVIVAL_WORKERS"))) { |number| Thread.new { Worker.new(number).run(ending) } }
$stdin.read
ending << true
threads.each(&:join)
