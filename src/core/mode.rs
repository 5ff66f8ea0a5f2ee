//! What a run does about customers who are in the database already: [`Mode`], [`Empty`], [`Duplicates`] (SPEC, section 8).

/// Whether a run creates customers, changes them, or both. Who is who, the key tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every record becomes a customer; one whose key a customer has is rejected.
    #[default]
    Create,
    /// Every record changes a customer; one whose key nobody has is rejected.
    Update,
    /// A record changes the customer who has its key, or becomes one.
    Upsert,
}

impl Mode {
    /// The word that options, the database and the reports use.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Create => "create",
            Mode::Update => "update",
            Mode::Upsert => "upsert",
        }
    }

    /// Whether customers may be changed.
    pub fn changes(self) -> bool {
        self != Mode::Create
    }

    /// Whether customers may come into being.
    pub fn creates(self) -> bool {
        self != Mode::Update
    }
}

/// What an empty cell does to the value of a customer who is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// Nothing.
    #[default]
    Keep,
    /// It takes the value away.
    Clear,
}

impl Empty {
    /// The word that options and the database use.
    pub fn name(self) -> &'static str {
        match self {
            Empty::Keep => "keep",
            Empty::Clear => "clear",
        }
    }
}

/// What becomes of several records of a run with one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// The first stays; the others are rejected.
    #[default]
    Reject,
    /// The last stays; the others count as superseded.
    Last,
}

impl Duplicates {
    /// The word that options and the database use.
    pub fn name(self) -> &'static str {
        match self {
            Duplicates::Reject => "reject",
            Duplicates::Last => "last",
        }
    }
}
