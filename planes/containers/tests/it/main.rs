//! What every engine must do alike, and what each does by itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod bed;
mod docker;
mod simulated;
mod suite;

/// Makes a test of each function of the suite for each engine.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_simulated {
            $(#[tokio::test] async fn $name() { crate::bed::on_simulated(crate::suite::$name).await; })*
        }
        mod on_docker {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
                crate::bed::on_docker(stringify!($name), crate::suite::$name).await;
            })*
        }
    };
}

on_both!(
    a_container_goes_from_created_to_running_to_exited,
    an_exit_status_is_reported_even_when_nobody_waited_in_time,
    waiting_for_what_was_never_started_is_an_error,
    a_terminated_container_ends_with_143_and_a_killed_one_with_137,
    a_container_that_ignores_the_signal_is_killed,
    what_is_done_already_may_be_done_again,
    events_tell_what_happened_in_order,
    containers_are_found_by_their_labels,
    an_engine_used_anew_finds_the_containers_it_ran,
    a_name_is_used_once,
    an_image_must_be_there_before_a_container,
    an_unreadable_image_reference_is_refused,
    both_outputs_are_read_with_their_times,
    following_the_output_ends_with_the_container,
    a_container_joins_the_network_of_a_running_one_only,
    a_health_check_that_passes_is_told,
    a_health_check_that_fails_is_told,
    lack_of_memory_is_told_apart_from_other_ends,
    a_free_port_of_the_host_is_chosen,
    a_range_of_ports_of_the_host_is_found,
    a_running_container_has_figures,
    a_volume_in_use_is_kept,
    volumes_are_found_by_their_labels,
    the_stop_signal_of_a_container_is_told,
    limits_that_containers_share_are_made_and_removed,
    mounts_are_taken_over_from_a_container_that_ended,
);
