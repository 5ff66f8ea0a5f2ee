//! What invented records are made of: places, names, streets, domains, and what makes a record bad.

// The places of the columns in a record.
pub(super) const NAME: usize = 0;
pub(super) const EMAIL: usize = 1;
pub(super) const DESCRIPTION: usize = 2;
pub(super) const COUNTRY: usize = 5;
pub(super) const ADDRESS_LINE_1: usize = 6;
pub(super) const ADDRESS_LINE_2: usize = 7;
pub(super) const CITY: usize = 8;
pub(super) const STATE: usize = 9;
pub(super) const POSTAL_CODE: usize = 10;
pub(super) const PHONE: usize = 11;

/// A city with what goes with it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) city: &'static str,
    pub(super) state: &'static str,
    /// Ways in which people write the country; each has a code in ISO 3166.
    pub(super) countries: &'static [&'static str],
    /// See [`Random::push_pattern`].
    pub(super) postal: &'static str,
    pub(super) calling: &'static str,
    /// The digits of a number without the calling code and the zero, 8 to 10.
    pub(super) national: usize,
    /// The index of this place's names in [`PEOPLE`] and [`STREETS`].
    pub(super) people: usize,
}

pub(super) const fn place(
    city: &'static str,
    state: &'static str,
    countries: &'static [&'static str],
    postal: &'static str,
    calling: &'static str,
    national: usize,
    people: usize,
) -> Place {
    Place { city, state, countries, postal, calling, national, people }
}

pub(super) const US: &[&str] = &["US", "US", "USA", "United States", "us", "U.S.A.", "United States of America"];
pub(super) const DE: &[&str] = &["DE", "Germany", "Germany", "DEU", "de"];
pub(super) const FR: &[&str] = &["FR", "France", "France", "FRA"];
pub(super) const ES: &[&str] = &["ES", "Spain", "ESP", "spain"];
pub(super) const IT: &[&str] = &["IT", "Italy", "Italy", "ITA"];
pub(super) const AT: &[&str] = &["AT", "Austria", "AUT"];
pub(super) const CH: &[&str] = &["CH", "Switzerland", "CHE"];
pub(super) const BR: &[&str] = &["BR", "Brazil", "BRA"];
pub(super) const AU: &[&str] = &["AU", "Australia", "AUS"];
pub(super) const JP: &[&str] = &["JP", "Japan", "JPN"];
pub(super) const PL: &[&str] = &["PL", "Poland", "POL"];
pub(super) const SE: &[&str] = &["SE", "Sweden", "SWE"];

pub(super) const PLACES: &[Place] = &[
    place("Portland", "OR", US, "97###", "1", 10, 0),
    place("Austin", "Texas", US, "787##-####", "1", 10, 0),
    place("New York", "NY", US, "100##", "1", 10, 0),
    place("St. Louis", "MO", US, "631##", "1", 10, 0),
    place("Coeur d'Alene", "Idaho", US, "838##", "1", 10, 0),
    place("Denver", "CO", US, "802##", "1", 10, 0),
    place("Chicago", "IL", US, "606##-####", "1", 10, 0),
    place("Minneapolis", "Minnesota", US, "554##", "1", 10, 0),
    place("Sydney", "NSW", AU, "20##", "61", 9, 0),
    place("Melbourne", "Victoria", AU, "30##", "61", 9, 0),
    place("Berlin", "Berlin", DE, "10###", "49", 9, 1),
    place("Hamburg", "Hamburg", DE, "20###", "49", 9, 1),
    place("Leipzig", "Sachsen", DE, "04###", "49", 9, 1),
    place("Köln", "NRW", DE, "50###", "49", 9, 1),
    place("Frankfurt a. M.", "Hessen", DE, "60###", "49", 9, 1),
    place("Wien", "Wien", AT, "1##0", "43", 9, 1),
    place("Zürich", "ZH", CH, "80##", "41", 9, 1),
    place("Lyon", "Rhône-Alpes", FR, "6900%", "33", 9, 2),
    place("Saint-Étienne", "Loire", FR, "42###", "33", 9, 2),
    place("Paris", "", FR, "750##", "33", 9, 2),
    place("Sevilla", "Andalucía", ES, "41###", "34", 9, 2),
    place("Valencia", "Valencia", ES, "46###", "34", 9, 2),
    place("L'Aquila", "AQ", IT, "671##", "39", 9, 2),
    place("Milano", "MI", IT, "201##", "39", 9, 2),
    place("Curitiba", "PR", BR, "80###-###", "55", 9, 2),
    place("Osaka", "Osaka", JP, "53#-####", "81", 9, 3),
    place("Gdansk", "Pomorskie", PL, "80-###", "48", 9, 3),
    place("Warsaw", "Mazowieckie", PL, "0#-###", "48", 9, 3),
    place("Malmö", "Skåne", SE, "21###", "46", 8, 3),
    place("Stockholm", "", SE, "11###", "46", 8, 3),
];

/// A name as it is written, and as it stands in an e-mail address.
pub(super) type Name = (&'static str, &'static str);

/// First and last names: English, German, Romance, and others.
#[rustfmt::skip] // several a line: it is a table
pub(super) const PEOPLE: &[(&[Name], &[Name])] = &[
    (
        &[
            ("James", "james"), ("Mary", "mary"), ("Robert", "robert"), ("Linda", "linda"), ("Kevin", "kevin"),
            ("Grace", "grace"), ("Marcus", "marcus"), ("Olivia", "olivia"), ("Dwayne", "dwayne"),
            ("Priscilla", "priscilla"),
        ],
        &[
            ("Smith", "smith"), ("Johnson", "johnson"), ("Whitaker", "whitaker"), ("Nguyen", "nguyen"),
            ("Okafor", "okafor"), ("Patel", "patel"), ("McAllister", "mcallister"), ("Sandoval", "sandoval"),
            ("Fitzgerald", "fitzgerald"), ("Brown", "brown"), ("Null", "null"), ("Thornton", "thornton"),
        ],
    ),
    (
        &[
            ("Anna", "anna"), ("Jürgen", "juergen"), ("Stefan", "stefan"), ("Ursula", "ursula"),
            ("Katharina", "katharina"), ("Lukas", "lukas"), ("Heike", "heike"), ("Matthias", "matthias"),
            ("Annette", "annette"), ("Ulrich", "ulrich"),
        ],
        &[
            ("Schmidt", "schmidt"), ("Müller", "mueller"), ("Weber", "weber"), ("Hoffmann", "hoffmann"),
            ("Voß", "voss"), ("Brandstätter", "brandstaetter"), ("Krüger", "krueger"), ("Lehmann", "lehmann"),
            ("Zimmermann", "zimmermann"), ("Huber", "huber"), ("Neumann", "neumann"),
        ],
    ),
    (
        &[
            ("Marie", "marie"), ("François", "francois"), ("Lucía", "lucia"), ("Giulia", "giulia"),
            ("Antoine", "antoine"), ("Camille", "camille"), ("Diego", "diego"), ("Matteo", "matteo"),
            ("Beatriz", "beatriz"), ("Thiago", "thiago"),
        ],
        &[
            ("Dubois", "dubois"), ("Lefèvre", "lefevre"), ("Moreau", "moreau"), ("García López", "garcia"),
            ("Fernández", "fernandez"), ("Romano", "romano"), ("De Luca", "deluca"), ("dos Santos", "dossantos"),
            ("Oliveira", "oliveira"), ("Rossi", "rossi"), ("Ferreira", "ferreira"),
        ],
    ),
    (
        &[
            ("Haruto", "haruto"), ("Yuki", "yuki"), ("Agnieszka", "agnieszka"), ("Paweł", "pawel"),
            ("Ingrid", "ingrid"), ("Björn", "bjoern"), ("Astrid", "astrid"), ("Wojciech", "wojciech"),
            ("Sven", "sven"),
        ],
        &[
            ("Tanaka", "tanaka"), ("Watanabe", "watanabe"), ("Kowalski", "kowalski"), ("Wiśniewska", "wisniewska"),
            ("Lindqvist", "lindqvist"), ("Nyström", "nystroem"), ("Eriksson", "eriksson"), ("Nowak", "nowak"),
            ("Sato", "sato"),
        ],
    ),
];

/// Streets in the same order as [`PEOPLE`]; a fair number has full stops, commas, apostrophes or hyphens to be repaired.
#[rustfmt::skip]
pub(super) const STREETS: [&[&str]; 4] = [
    &[
        "%# Mason Street", "%## Oak Avenue", "%### Main St.", "%## N. Lamar Blvd.", "Flat %, %# High Street",
        "%# St. John's Road", "%## Martin Luther King Jr. Way", "Unit %#, %# Harbour Court",
        "%### SW Evergreen Terrace", "%## Country Club Drive", "%#-%# Kings Wharf",
    ],
    &[
        "Hauptstr. %#", "Lindenstraße %#", "Bahnhofstrasse %##", "Am Alten Markt %", "Friedrich-Ebert-Str. %#",
        "Goethestraße %#a", "Gartenweg %#, Hinterhaus", "Industriepark Nord %#", "Mariahilfer Gasse %##",
    ],
    &[
        "%#, rue de l'Église", "%# rue Victor Hugo", "%# avenue des Tilleuls", "Calle Mayor %#, 2 izq.",
        "Avenida de la Constitución %#", "Via Garibaldi %##", "Piazza San Marco %", "Rua XV de Novembro, %##",
        "Zona industriale Est, lotto %",
    ],
    &[
        "ul. Długa %#/%", "Storgatan %#", "Umeda %-%#", "Aleje Jerozolimskie %##", "Kungsgatan %#, 3 tr.",
        "Drottninggatan %#", "Honmachi % chome",
    ],
];

#[rustfmt::skip]
pub(super) const SECOND_LINES: &[&str] = &[
    "Suite %##", "2nd Floor", "Apt. %#B", "Building %, Gate %#", "c/o Reception", "Floor %#",
    "Attn. Accounts Payable", "Warehouse %", "Unit #%#", "3rd floor, left",
];

#[rustfmt::skip]
pub(super) const DESCRIPTIONS: &[&str] = &[
    "Customer since 201#", "Customer since 200#", "Wholesale account %###", "Net 30, PO required",
    "VIP, call before delivery", "Prefers \"express\" shipping", "Invoices by e-mail only",
    "Referred by the Hamburg trade fair", "Moved here from CRM ticket %####", "Newsletter: yes; calls: no",
    "Reseller, tier %", "Key account (see contract 20##-%##)", "Pays by direct debit",
    "Delivery only on weekdays before noon, rear gate", "Bought the company of account %#### in 201#",
    "Spare parts & service, region %", "Seasonal orders, March to June",
];

#[rustfmt::skip]
pub(super) const INVOICE_NAMES: &[&str] = &[
    "invoices", "billing", "accounts", "rechnung", "ap", "finance", "facturas",
];
pub(super) const COPY_NAMES: &[&str] = &["office", "assistant", "sales", "team", "purchasing"];
#[rustfmt::skip]
pub(super) const DOMAINS: &[&str] = &[
    "example.com", "example.com", "example.org", "example.net", "mail.example.com", "post.example",
    "northwind.example", "bluepeak.example", "kontor.example", "atelier.test",
];

/// Not phone numbers, each of at most 30 characters.
#[rustfmt::skip]
pub(super) const BAD_PHONES: &[&str] = &[
    "541-754-3010 ext. 5", "n/a", "call after 6pm", "030 123456 / 0171 1234567", "555-CALL-NOW", "unknown",
    "+1 541 754 3010 x22", "0171 2345678 (mobil)", "+49+30 123456", "-",
];

pub(super) const SPREADSHEET_PHONES: &[&str] =
    &["5.41754E+09", "5417543010.0", "4.91715E+11", "1.55523E+10", "6125550143.0"];

/// Values that are shorter than `contact` takes, and have nothing else wrong.
#[rustfmt::skip]
pub(super) const SHORT: &[(usize, &str)] = &[
    (NAME, "Al"), (NAME, "X"), (DESCRIPTION, "ok"), (DESCRIPTION, "VIP"), (COUNTRY, "D"), (ADDRESS_LINE_1, "No 4"),
    (ADDRESS_LINE_2, "4.B."), (CITY, "Y"), (STATE, "N"), (PHONE, "7"),
];

/// Values with a character that their field does not allow.
#[rustfmt::skip]
pub(super) const BAD_CHARACTERS: &[(usize, &str)] = &[
    (NAME, "O'Brien Sean"), (NAME, "Anne-Marie Schulz"), (NAME, "Dr. Karl Weiss"), (NAME, "Smith, John"),
    (NAME, "Jones 2"), (NAME, "Miller & Sons"), (POSTAL_CODE, "SW1A 1AA"), (POSTAL_CODE, "D 10115"),
    (POSTAL_CODE, "1015 CJ"), (POSTAL_CODE, "972 01"), (CITY, "Berlin 12"), (CITY, "Paris 8e"), (STATE, "Region 4"),
    (ADDRESS_LINE_1, "5th + Main Street"), (ADDRESS_LINE_1, "Allee 7 | Hof"), (ADDRESS_LINE_2, "Floor 2 = rear"),
    (COUNTRY, "49"),
];
