%% erlang_report.erl: a report in Erlang, through the functions in C of erlang_report.c.
-module(erlang_report).
-export([main/1]).
-nifs([open/1, select/2, stop/1, take/1, said/1, ring/1, descriptor/1, let_go/1]).
-define(NOTHING_LEFT, 6).

open(_) -> erlang:nif_error(not_loaded).
select(_, _) -> erlang:nif_error(not_loaded).
stop(_) -> erlang:nif_error(not_loaded).
take(_) -> erlang:nif_error(not_loaded).
said(_) -> erlang:nif_error(not_loaded).
ring(_) -> erlang:nif_error(not_loaded).
descriptor(_) -> erlang:nif_error(not_loaded).
let_go(_) -> erlang:nif_error(not_loaded).

main([Library]) ->
    ok = erlang:load_nif(Library, 0),
    io:format("with: Erlang/OTP ~s, erts ~s~n", [erlang:system_info(otp_release), erlang:system_info(version)]),
    tick(),
    Report = open(1),
    ask(Report),
    take_all(Report),
    called(Report, 3),
    io:format("taken: ~s~ntimer: goes on~n", [said(Report)]),
    stop(Report),
    release_watched(),
    halt(0).

%% What is sent comes once: ask again after each.
ask(Report) -> 0 = select(Report, make_ref()).

take_all(Report) ->
    receive
        {select, Report, _, ready_input} ->
            case take(Report) of
                ?NOTHING_LEFT -> ok; % after its close: all is taken
                _ -> ask(Report), take_all(Report)
            end;
        tick -> tick(), take_all(Report)
    end.

tick() -> erlang:send_after(5, self(), tick).

%% Against the rule: stop first, and release in the callback of that.
release_watched() ->
    Report = open(0),
    ask(Report),
    ring(Report),
    Told = called(Report, 20),
    take(Report),
    called(Report, 20), % none is on its way
    let_go(Report),
    Gone = called(Report, 20),
    Again = open(0),
    Same = descriptor(Report),
    Same = descriptor(Again),
    ask(Again),
    ring(Again),
    Heard = called(Again, 20),
    io:format("told by: ~s~n", [if Told > 10 -> "level"; true -> "edge" end]),
    io:format("released while watched: ~s~n", [if Gone > 10 -> "spins"; true -> "nothing" end]),
    io:format("number used again: ~s~n", [if Heard > 0 -> "heard"; true -> "not heard" end]).

%% How often the report calls while the timer ticks so often.
called(_, 0) -> 0;
called(Report, Ticks) ->
    receive
        {select, Report, _, ready_input} -> ask(Report), 1 + called(Report, Ticks);
        tick -> tick(), called(Report, Ticks - 1)
    end.
