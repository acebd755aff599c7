# frozen_string_literal: true

# Ends with waits open, on all that can be waited for.
require 'asynchron'

never = Asynchron.new(name: 'never')
never_too = Asynchron.new
never_too.cancel if ARGV[0] == 'not this'
Thread.new { never.get }
Thread.new { never.wait(1e6) }
Thread.new { Asynchron::Report.new([never, Asynchron.timer(1e6)]).next }
Asynchron.spawn { never_too.get }
never.and_then { |value| value }
done = Asynchron.new
done.set(Object.new)
sleep 0.01 until Asynchron.open >= 2
$stdout.sync = true
puts 'waits'
case ARGV[0]
when 'exit' then exit 3
when 'exit!' then exit! 3
when 'raise' then raise 'out'
when 'at_exit' then at_exit { exit 3 if done.get }
when 'signal' then never.get
end
