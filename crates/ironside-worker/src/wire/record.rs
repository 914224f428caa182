//! What a worker reports: LOG, SPAN, METRIC. They are limited in number and dropped beyond that, so a chatty worker costs
//! itself and nobody else.

use super::codec::{Ascii, F64, List, Text, U53};
use super::declare::{wire_enum, wire_frame, wire_struct};

wire_enum! {
    /// How important a line is.
    LogLevel {
        /// Fine-grained.
        Trace = "trace",
        /// For developers.
        Debug = "debug",
        /// For operators.
        Info = "info",
        /// Something should be looked at.
        Warn = "warn",
        /// Something failed.
        Error = "error",
    }
}

wire_struct! {
    /// A named value.
    RecordField {
        /// Its name.
        name: Text<256>,
        /// Its value.
        value: Text<4096>,
    }
}

wire_struct! {
    /// A log line. The frame's job tells whose it is.
    Log {
        /// How important it is.
        level: LogLevel,
        /// Which part wrote it.
        target: Text<256>,
        /// The line.
        message: Text<12288>,
        /// Named values.
        fields: List<RecordField<'static>, 32>,
    }
}
wire_frame!(Log, 0x8a, WorkerToFront, max 16384);

wire_struct! {
    /// A span of time.
    Span {
        /// What it was.
        name: Text<256>,
        /// This span, 16 hex digits.
        id: Ascii<16>,
        /// The span around it, or `""`.
        parent: Ascii<16>,
        /// Microseconds since the Unix epoch.
        start_us: U53,
        /// Microseconds since the Unix epoch.
        end_us: U53,
        /// Named values.
        attributes: List<RecordField<'static>, 32>,
    }
}
wire_frame!(Span, 0x8b, WorkerToFront, max 16384);

wire_enum! {
    /// How values of a metric are put together.
    MetricKind {
        /// They add up.
        Counter = "counter",
        /// The last one counts.
        Gauge = "gauge",
        /// Their distribution counts.
        Histogram = "histogram",
    }
}

wire_struct! {
    /// One value of a metric.
    Metric {
        /// Its name.
        name: Ascii<128>,
        /// How values are put together.
        kind: MetricKind,
        /// The value.
        value: F64,
        /// Labels.
        labels: List<RecordField<'static>, 8>,
    }
}
wire_frame!(Metric, 0x8c, WorkerToFront, max 16384);
