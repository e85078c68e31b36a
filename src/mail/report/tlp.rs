//! How far a report may be handed on: the Traffic Light Protocol, as STIX's
//! markings and OpenCTI's.

use serde_json::{Value, json};

/// A level of the Traffic Light Protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tlp {
    /// To everyone: CLEAR, which was WHITE.
    Clear,
    /// Within the community.
    Green,
    /// Within the organisation and its clients.
    Amber,
    /// Within the organisation.
    #[default]
    AmberStrict,
    /// To nobody else.
    Red,
}

impl Tlp {
    /// The levels by the names that OpenCTI's connector takes.
    pub const NAMES: [(&str, Self); 6] = [
        ("amber", Self::Amber),
        ("amber+strict", Self::AmberStrict),
        ("clear", Self::Clear),
        ("green", Self::Green),
        ("red", Self::Red),
        ("white", Self::Clear),
    ];

    /// The identifier of its marking.
    pub fn id(self) -> &'static str {
        match self {
            Self::Clear => "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
            Self::Green => "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
            Self::Amber => "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
            Self::AmberStrict => "marking-definition--826578e1-40ad-459f-bc73-ede076f81f37",
            Self::Red => "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
        }
    }

    /// The marking; `created` is when OpenCTI's own is said to be made, since
    /// STIX 2.1 has none for AMBER+STRICT.
    pub fn marking(self, created: &str) -> Value {
        let (tlp, name) = match self {
            Self::Clear => ("white", "TLP:WHITE"),
            Self::Green => ("green", "TLP:GREEN"),
            Self::Amber => ("amber", "TLP:AMBER"),
            Self::Red => ("red", "TLP:RED"),
            Self::AmberStrict => {
                return json!({
                    "type": "marking-definition",
                    "spec_version": "2.1",
                    "id": self.id(),
                    "created": created,
                    "definition_type": "statement",
                    "definition": { "statement": "custom" },
                    "x_opencti_definition_type": "TLP",
                    "x_opencti_definition": "TLP:AMBER+STRICT",
                });
            }
        };
        json!({
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": self.id(),
            "created": "2017-01-20T00:00:00.000Z",
            "definition_type": "tlp",
            "name": name,
            "definition": { "tlp": tlp },
        })
    }
}
