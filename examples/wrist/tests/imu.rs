//! The driver's errors, and the recording behind it.

use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
use embedded_hal_mock::eh1::i2c::{Mock, Transaction as T};
use flatmin_wrist::RECORDING;
use flatmin_wrist::collect::CONFIG;
use flatmin_wrist::imu::{ADDRESS, Accel, Config, Error, Gyro, Lsm6ds, Rate};
use flatmin_wrist::recording::Recording;

fn errs(transactions: &[T], error: Error) {
    let mut imu = Lsm6ds::new(Mock::new(transactions), ADDRESS, CONFIG);
    assert_eq!(imu.configure(), Err(error));
    imu.release().done();
}

#[test]
fn another_device_and_one_that_forgets_are_refused_before_anything_is_read() {
    errs(&[T::write_read(ADDRESS, vec![0x0f], vec![0x71])], Error::WrongDevice { found: 0x71 });
    let started = [
        T::write_read(ADDRESS, vec![0x0f], vec![0x69]),
        T::write(ADDRESS, vec![0x12, 0x44]),
        T::write(ADDRESS, vec![0x10, 0x28]),
        T::write(ADDRESS, vec![0x11, 0x28]),
    ];
    let with = |xl, g| [&started[..], &[T::write_read(ADDRESS, vec![0x10], vec![xl, g])]].concat();
    errs(&with(0, 0x28), Error::NotConfigured { register: 0x10 });
    errs(&with(0x28, 0), Error::NotConfigured { register: 0x11 });
}

#[test]
fn a_bus_that_fails_says_how() {
    let nobody = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
    errs(&[T::write_read(ADDRESS, vec![0x0f], vec![0]).with_error(nobody)], Error::Bus(nobody));
    let mut imu = Lsm6ds::new(Recording::of(RECORDING, 0x6b).unwrap(), ADDRESS, CONFIG);
    assert_eq!(imu.configure(), Err(Error::Bus(nobody)));
}

#[test]
fn data_that_are_not_ready_are_no_data() {
    let bus = Mock::new(&[T::write_read(ADDRESS, vec![0x1e], vec![0b01])]);
    let mut imu = Lsm6ds::new(bus, ADDRESS, CONFIG);
    assert_eq!(imu.read(), Ok(None));
    imu.release().done();
}

/// Whatever the range, the driver gives back what was recorded, to the nearest step of that range.
#[test]
fn the_recording_is_measured_in_the_range_that_is_set() {
    let first = RECORDING[32 + 24 + 14 * 12..].first_chunk::<6>().unwrap();
    for (accel, gyro) in [(Accel::G4, Gyro::Dps1000), (Accel::G16, Gyro::Dps2000)] {
        let mut recording = Recording::of(RECORDING, ADDRESS).unwrap();
        let exercise = recording.exercises().next().unwrap();
        recording.start(&exercise);
        let mut imu = Lsm6ds::new(recording, ADDRESS, Config { rate: Rate::Hz26, accel, gyro });
        assert_eq!(imu.read(), Ok(None), "nothing before a rate is set");
        imu.configure().unwrap();
        let raw = std::iter::from_fn(|| Some(imu.read().unwrap())).flatten().next().unwrap();
        for (axis, (found, stored)) in imu.real(raw).into_iter().zip(first).enumerate() {
            let full = if axis < 3 { 4.0 } else { 12.0 };
            let step = if axis < 3 { accel.lsb() } else { gyro.lsb() };
            let recorded = full / 127.0 * f32::from(*stored as i8);
            // Half a step, and the rounding of three products.
            assert!((found - recorded).abs() <= 0.51 * step, "axis {axis}: {found}, {recorded}");
        }
    }
}

#[test]
fn a_file_that_is_no_recording_is_refused() {
    assert!(Recording::of(&[], ADDRESS).is_err());
    assert!(Recording::of(&RECORDING[1..], ADDRESS).is_err());
    assert!(Recording::of(&RECORDING[..100], ADDRESS).is_err());
}
