//! Personalises a model on the wrist: everything of the firmware but the board.
//!
//! A person labels four windows of each of seven shoulder exercises; the shipped model is fine-tuned on them beside old
//! samples from flash, a guard decides whether the result is kept, and a checkpoint makes it survive a reset: the next session answers with it. The same
//! code runs on a microcontroller (`examples/firmware-cortex-m`, `examples/firmware-riscv`) and on the host, with the
//! same bits.
//!
//! | module | what it does | on your board |
//! |---|---|---|
//! | [`imu`] | driver of an LSM6DS-type IMU on any [`I2c`](embedded_hal::i2c::I2c) bus | copy |
//! | [`recording`] | a bus that replays a recorded person as registers | replace by your bus |
//! | [`collect`] | samples to standardised windows | copy, replace the labels by your user's |
//! | [`net`], [`tuner`], [`choice`] | network, methods, and what a build chooses | copy |
//! | [`memory`] | all memory, in one static | copy |
//! | [`mod@bench`] | samples, network and memory: answers, gradients, a step | copy |
//! | [`train`] | a training run | copy |
//! | [`personalise`] | settings, trust, guards | copy |
//! | [`storage`] | where labelled windows and the best epoch are kept: RAM or flash | copy |
//! | [`keep`], [`flash`] | checkpoint, and a flash in RAM to keep it in | copy, replace by your flash driver |
//! | [`pieces`] | work in pieces, under a watchdog | copy |
//! | [`board`], [`report`] | what a session needs of a board, and whom it tells | copy, replace `Nothing` and `Pulses` by your timer and pin |
//! | [`session`] | all of it in order | copy |
#![no_std]

pub mod bench;
pub mod board;
pub mod choice;
pub mod collect;
pub mod flash;
pub mod imu;
pub mod keep;
pub mod memory;
pub mod net;
pub mod personalise;
pub mod pieces;
pub mod recording;
pub mod report;
pub mod session;
pub mod storage;
pub mod train;
pub mod tuner;

mod error;

pub use error::Error;

/// The shipped model: `flatmin-sim pretrain --task spar --person 10 --replay 1 --export wrist_person10.blob`.
pub static BLOB: &[u8] = flatmin::include_blob!("../data/wrist_person10.blob");
/// The person it has not seen, as `i8` at 25 Hz (attribution in `data/README.md`).
pub static RECORDING: &[u8] = include_bytes!("../data/spar_user10_i8.tds");
