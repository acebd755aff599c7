# frozen_string_literal: true

# Waits for what never comes, until Ctrl-C.
require 'asynchron'

never = Asynchron.new
waits = {
  'get' => -> { never.get },
  'timed' => -> { never.wait(1e6) },
  'report' => -> { Asynchron::Report.new([never]).next },
  'all' => -> { Asynchron.all([never]).get },
  'spawned' => -> { Asynchron.spawn { never.get }.get }
}
$stdout.sync = true
begin
  puts 'waits'
  waits.fetch(ARGV[0]).call
rescue Interrupt
  puts 'interrupted'
end
never.set('whole')
puts never.get
