/* hiredis.c: commands for a real redis-server as asynchrons: by the thread, and in libuv's loop. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* as held_to.c */
#endif

#include "hiredis_becoming.h"
#include "hiredis_loop.h"
#include "hiredis_refusals.h"
#include "hiredis_stopping.h"

int main(void)
{
    CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR); /* as hiredis wants it */
    server = start_server();
    TEST(a_reply_of_any_kind_is_a_copy_that_outlives_the_connection);
    TEST(a_reply_that_was_taken_is_one_block_to_be_freed);
    TEST(replies_of_20_megabytes_and_of_50000_elements_come_whole);
    TEST(an_error_reply_is_a_failure_and_inside_an_array_an_element);
    TEST(a_server_without_memory_is_a_failure);
    TEST(a_server_with_too_many_clients_is_a_failure);
    TEST(a_refused_connection_fails_all_that_is_sent_before_and_after);
    TEST(a_connection_that_could_not_be_begun_fails_all_with_its_error);
    TEST(what_hiredis_does_not_understand_ends_the_connection_and_fails_what_is_pending);
    TEST(what_is_answered_often_or_never_is_refused_in_any_case_and_not_sent);
    TEST(of_8_threads_that_send_at_once_each_gets_its_own_replies);
    TEST(commands_and_callbacks_that_the_context_has_before_are_served);
    TEST(cancelled_or_wanted_by_nobody_it_is_sent_all_the_same);
    TEST(expired_or_cancelled_its_late_reply_is_ignored_and_the_next_one_is_not_mistaken_for_it);
    TEST(a_server_that_is_killed_fails_all_at_once_and_its_successor_serves_a_new_connection);
    TEST(a_server_that_shuts_down_or_closes_the_connection_fails_what_is_pending);
    TEST(a_connection_that_never_comes_is_ended_by_a_deadline_and_by_the_release);
    TEST(released_with_100_under_way_all_are_broken);
    TEST(sent_in_a_callback_of_the_release_it_is_broken_at_once);
    TEST(released_in_a_callback_of_its_own_it_ends_later_and_sends_nothing);
    TEST(released_in_a_callback_of_a_lost_connection_it_ends_later);
    TEST(sent_in_a_callback_it_is_answered_later);
    TEST(the_child_of_a_fork_may_make_one_of_its_own);
    TEST(with_nothing_to_do_with_a_silent_server_and_without_one_the_thread_sleeps);
    TEST(what_is_null_or_attached_already_is_refused);
    TEST(a_command_that_hiredis_cannot_count_is_refused);
    TEST(without_memory_nothing_is_sent_and_a_reply_that_finds_none_is_a_failure);
    TEST(a_context_whose_user_is_to_free_it_and_its_replies_is_freed_all_the_same);
    TEST(a_command_for_whose_callback_hiredis_has_no_memory_ends_the_connection);
    TEST(in_a_loop_each_command_may_be_sent_in_a_callback_of_the_one_before);
    TEST(a_callback_may_disconnect_and_what_it_sends_then_has_failed);
    TEST(a_callback_may_free_the_context_and_all_that_is_pending_is_broken);
    TEST(a_callback_of_a_lost_connection_may_free_and_disconnect_the_context);
    TEST(cancelled_in_a_loop_its_reply_is_ignored);
    TEST(a_connection_that_is_refused_in_a_loop_is_told_of_or_ends_by_a_deadline);
    TEST(a_context_in_no_loop_or_that_gets_messages_is_refused);
    kill_server(&server);
    return EXIT_SUCCESS;
}
