"""What the shop sells, in both languages.  Prices are øre including VAT.

To add a product: one entry of PRODUCTS, and templates/demo/pictures/<key>.svg, drawn with the colours `c.base`, `c.shade`,
`c.deep`, `c.light` of the chosen variant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Words(NamedTuple):
    """One text in the shop's two languages."""

    da: str
    en: str

    def read(self, lang: str) -> str:
        return self.da if lang == "da" else self.en


@dataclass(frozen=True)
class Colour:
    key: str
    name: Words
    code: str  # #rrggbb


SIZE = Words("Størrelse", "Size")


@dataclass(frozen=True)
class Category:
    key: str
    slug: Words
    name: Words
    text: Words
    size_name: Words = SIZE


@dataclass(frozen=True)
class Opinion:
    """A review that was there before the shop opened; buyers' own come from the state."""

    rating: int
    name: str
    title: Words
    text: Words


@dataclass(frozen=True)
class Variant:
    """What goes into a cart."""

    sku: str
    product: Product
    colour: Colour
    size: str
    sold_out: bool


@dataclass(frozen=True)
class Product:
    key: str
    category: str
    name: str
    what: Words
    text: Words
    price_minor: int
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    material: Words
    care: Words
    opinions: tuple[Opinion, ...] = ()
    before_minor: int | None = None  # the price before a reduction
    new: bool = False
    sold_out: tuple[str, ...] = ()  # endings of SKUs, "rust-44"

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Every colour in every size; the first is shown first."""
        return tuple(
            Variant(
                f"{self.key}-{colour}-{size}".lower(), self, COLOURS[colour], size, f"{colour}-{size}".lower() in self.sold_out
            )
            for colour in self.colours
            for size in self.sizes
        )

    def title(self, lang: str) -> str:
        return f"{self.name} {self.what.read(lang).lower()}"


def _colours(*rows: tuple[str, str, str, str]) -> dict[str, Colour]:
    return {key: Colour(key, Words(da, en), code) for key, da, en, code in rows}


COLOURS = _colours(
    ("sand", "Sand", "Sand", "#d5c2a0"),
    ("ecru", "Ubleget", "Unbleached", "#ece3d0"),
    ("hvid", "Hvid", "White", "#f3f0ea"),
    ("okker", "Okker", "Ochre", "#cc9c45"),
    ("rust", "Rust", "Rust", "#b2603f"),
    ("rosa", "Hyben", "Rosehip", "#cf9d94"),
    ("lyng", "Lyng", "Heather", "#8b7391"),
    ("hav", "Hav", "Sea", "#5f8499"),
    ("marine", "Marine", "Navy", "#33435c"),
    ("mos", "Mos", "Moss", "#737d57"),
    ("gran", "Gran", "Spruce", "#3d5446"),
    ("graa", "Grå", "Grey", "#a3a39d"),
    ("sort", "Sort", "Black", "#36363a"),
    ("cognac", "Cognac", "Cognac", "#9a6238"),
)

CATEGORIES: dict[str, Category] = {
    "dresses": Category(
        "dresses",
        Words("kjoler", "dresses"),
        Words("Kjoler", "Dresses"),
        Words(
            "Hør, tencel og uld i snit, der kan bæres fra morgenkaffe til midsommerfest.",
            "Linen, tencel and wool in cuts that go from morning coffee to a midsummer night.",
        ),
    ),
    "tops": Category(
        "tops",
        Words("strik-og-skjorter", "knits-and-shirts"),
        Words("Strik & skjorter", "Knits & shirts"),
        Words(
            "Strikket på Fyn, syet i Portugal. Det, du tager på først og slider længst.",
            "Knitted on Funen, sewn in Portugal. What you reach for first and wear longest.",
        ),
    ),
    "shoes": Category(
        "shoes",
        Words("sko", "shoes"),
        Words("Sko", "Shoes"),
        Words(
            "Få modeller i ordentligt læder, som vores skomager i Ribe kan forsåle.",
            "A few styles in proper leather that our cobbler in Ribe can resole.",
        ),
    ),
    "home": Category(
        "home",
        Words("bolig", "home"),
        Words("Bolig", "Home"),
        Words(
            "Tekstiler til sofaen, sengen og køkkenet. Vævet tæt nok til at gå i arv.",
            "Textiles for the sofa, the bed and the kitchen. Woven tightly enough to inherit.",
        ),
        Words("Mål", "Measures"),
    ),
}

_DRESS = ("34", "36", "38", "40", "42", "44")
_TOP = ("XS", "S", "M", "L", "XL")
_SHOE = ("36", "37", "38", "39", "40", "41", "42")
_LINEN_CARE = Words(
    "Maskinvask 40°. Hæng til tørre. Stryg fugtig, eller lad være.", "Machine wash 40°. Line dry. Iron damp, or not at all."
)
_WOOL_CARE = Words(
    "Luft ofte, vask sjældent: uldprogram 30°. Tørres liggende.", "Air often, wash rarely: wool cycle 30°. Dry flat."
)
_LEATHER_CARE = Words("Børstes tør, smøres med voks to gange om året.", "Brush dry, wax twice a year.")

_ALL: tuple[Product, ...] = (
    Product(
        "freja",
        "dresses",
        "Freja",
        Words("Hørkjole", "Linen dress"),
        Words(
            "Vores mest elskede kjole. Ærmeløs A-form i kraftig europæisk hør med lommer og en talje, du selv binder. "
            "Hørren er forvasket, så den er blød fra første dag og krymper ikke.",
            "Our best-loved dress. A sleeveless A-line in sturdy European linen, with pockets and a waist you tie yourself. "
            "The linen is washed beforehand, so it is soft from day one and does not shrink.",
        ),
        89900,
        ("sand", "rust", "hav", "mos"),
        _DRESS,
        Words("100 % hør fra Normandiet, 190 g/m²", "100 % linen from Normandy, 190 g/m²"),
        _LINEN_CARE,
        (
            Opinion(
                5,
                "Mette H.",
                Words("Går med den hele tiden", "I live in it"),
                Words(
                    "Lommer! Og den falder smukt uden at klistre. Købte rust og kom tilbage efter sand.",
                    "Pockets! And it hangs beautifully without clinging. Bought rust, came back for sand.",
                ),
            ),
            Opinion(
                5,
                "Ida S.",
                Words("God kvalitet", "Good quality"),
                Words(
                    "Kraftig hør, ikke gennemsigtig. Størrelsesguiden passede på centimeter.",
                    "Sturdy linen, not see-through. The size guide was right to the centimetre.",
                ),
            ),
            Opinion(
                4,
                "Karen L.",
                Words("Lidt lang til mig", "A little long for me"),
                Words(
                    "Jeg er 158 cm og lagde den op 4 cm. Ellers perfekt.",
                    "I am 158 cm and took it up by 4 cm. Perfect otherwise.",
                ),
            ),
            Opinion(
                5,
                "Amalie R.",
                Words("Til bryllup og til stranden", "For weddings and the beach"),
                Words(
                    "Hav er en smuk, dæmpet blå. Krøller som hør gør, og det klæder den.",
                    "Sea is a lovely muted blue. It creases as linen does, and that suits it.",
                ),
            ),
        ),
        new=True,
        sold_out=("rust-44",),
    ),
    Product(
        "signe",
        "dresses",
        "Signe",
        Words("Slå-om-kjole", "Wrap dress"),
        Words(
            "Slå om, bind, gå. Flydende tencel med et lille tryk af strandarve, trykt i Herning.",
            "Wrap, tie, go. Fluid tencel with a small print of sea campion, printed in Herning.",
        ),
        74900,
        ("lyng", "gran", "rosa"),
        _DRESS,
        Words("100 % tencel lyocell", "100 % tencel lyocell"),
        Words("Skånevask 30°. Stryg på vrangen.", "Gentle wash 30°. Iron inside out."),
        (
            Opinion(
                5,
                "Louise K.",
                Words("Falder så pænt", "Drapes so well"),
                Words("Sidder hvor den skal, også når man cykler.", "Stays where it should, even on a bicycle."),
            ),
            Opinion(
                4,
                "Nanna B.",
                Words("Fin, men køb en størrelse ned", "Lovely, but size down"),
                Words("Rummelig over brystet. Ombytningen tog to dage.", "Roomy in the bust. The exchange took two days."),
            ),
        ),
    ),
    Product(
        "alma",
        "dresses",
        "Alma",
        Words("Skjortekjole", "Shirt dress"),
        Words(
            "En god skjorte, der blev lang nok. Tæt poplin, perlemorsknapper og skrå lommer.",
            "A good shirt that grew long enough. Crisp poplin, mother-of-pearl buttons and slanted pockets.",
        ),
        109900,
        ("hvid", "marine", "okker"),
        _DRESS,
        Words("100 % økologisk bomuld, GOTS", "100 % organic cotton, GOTS"),
        _LINEN_CARE,
        (
            Opinion(
                5,
                "Sofie M.",
                Words("Kontoruniform", "Office uniform"),
                Words(
                    "Ser skarp ud hele dagen. Knapperne er syet ordentligt i.",
                    "Looks sharp all day. The buttons are properly sewn on.",
                ),
            ),
        ),
        new=True,
    ),
    Product(
        "ylva",
        "dresses",
        "Ylva",
        Words("Strikkjole", "Knit dress"),
        Words(
            "Lang strik i merino med rib i siderne. Varm nok til marts, let nok til en sommeraften ved vandet.",
            "A long merino knit with ribbed sides. Warm enough for March, light enough for a summer night by the water.",
        ),
        99900,
        ("graa", "gran", "sort"),
        ("XS", "S", "M", "L"),
        Words("100 % merinould, mulesingfri", "100 % merino wool, mulesing-free"),
        _WOOL_CARE,
        (
            Opinion(
                5,
                "Birgit T.",
                Words("Kradser ikke", "Does not itch"),
                Words(
                    "Jeg tåler ellers ikke uld. Den her mærker jeg ikke.", "I usually cannot wear wool. This one I do not feel."
                ),
            ),
            Opinion(
                3,
                "Camilla F.",
                Words("Fnulrer lidt", "Pills a little"),
                Words(
                    "Smuk, men fnulrer under tasken. En strikbarber hjælper.",
                    "Beautiful, but pills under my bag. A comb helps.",
                ),
            ),
        ),
        before_minor=124900,
    ),
    Product(
        "boelge",
        "tops",
        "Bølge",
        Words("Snoningssweater", "Cable sweater"),
        Words(
            "En rigtig islænder uden Island: tre snoninger, tyk krave, garn spundet på Fyn.",
            "A fisherman's jumper with three cables, a thick collar, and yarn spun on Funen.",
        ),
        84900,
        ("ecru", "marine", "okker"),
        _TOP,
        Words("100 % lambswool", "100 % lambswool"),
        _WOOL_CARE,
        (
            Opinion(
                5,
                "Jens P.",
                Words("Fars yndling", "Dad's favourite"),
                Words("Fik den til jul, har haft den på siden.", "Got it for Christmas, have worn it since."),
            ),
            Opinion(
                5,
                "Trine V.",
                Words("Tung på den gode måde", "Heavy in a good way"),
                Words("Man mærker, at der er brugt garn på den.", "You can tell that no one saved on yarn."),
            ),
        ),
    ),
    Product(
        "vind",
        "tops",
        "Vind",
        Words("Cardigan", "Cardigan"),
        Words(
            "Perlestrik, hornknapper og to lommer til hænderne.", "Moss stitch, horn buttons and two pockets for your hands."
        ),
        79900,
        ("mos", "rosa", "sort"),
        _TOP,
        Words("80 % uld, 20 % alpaka", "80 % wool, 20 % alpaca"),
        _WOOL_CARE,
        (
            Opinion(
                4,
                "Pernille D.",
                Words("Blød", "Soft"),
                Words("Ærmerne er lange, men dem smøger jeg op.", "The sleeves are long, but I roll them up."),
            ),
        ),
        sold_out=("mos-xl", "mos-l"),
    ),
    Product(
        "klit",
        "tops",
        "Klit",
        Words("Hørskjorte", "Linen shirt"),
        Words(
            "Løs skjorte med kinakrave. Den, man tager på efter en dukkert.",
            "A loose shirt with a band collar. The one to put on after a swim.",
        ),
        59900,
        ("hvid", "hav", "sand"),
        _TOP,
        Words("100 % hør, 150 g/m²", "100 % linen, 150 g/m²"),
        _LINEN_CARE,
        (
            Opinion(
                5,
                "Rasmus N.",
                Words("Sommeren i en skjorte", "Summer in a shirt"),
                Words("Luftig og rummelig. Har nu tre.", "Airy and roomy. I own three now."),
            ),
        ),
        new=True,
    ),
    Product(
        "havn",
        "tops",
        "Havn",
        Words("Stribet trøje", "Striped tee"),
        Words(
            "Tyk jersey, bådhals, tyve striber. Holder formen i vask nummer halvtreds.",
            "Heavy jersey, boat neck, twenty stripes. Keeps its shape at wash number fifty.",
        ),
        34900,
        ("marine", "rust", "sort"),
        _TOP,
        Words("100 % økologisk bomuld, 240 g/m²", "100 % organic cotton, 240 g/m²"),
        Words("Maskinvask 40°.", "Machine wash 40°."),
        (
            Opinion(
                5,
                "Helle A.",
                Words("Hverdagens bedste", "Everyday best"),
                Words("Tyk, blød, og ærmerne sidder rigtigt.", "Thick, soft, and the sleeves sit right."),
            ),
            Opinion(
                4,
                "Søren G.",
                Words("God trøje", "Good tee"),
                Words("Krympede en anelse i første vask.", "Shrank a touch in the first wash."),
            ),
        ),
    ),
    Product(
        "sti",
        "shoes",
        "Sti",
        Words("Sneakers", "Sneakers"),
        Words(
            "Lav sneaker i kromfrit læder med sål af naturgummi. Ingen logoer, ingen plastik.",
            "A low sneaker in chrome-free leather with a natural rubber sole. No logos, no plastic.",
        ),
        89900,
        ("hvid", "sand", "sort"),
        _SHOE,
        Words("Kromfrit kalveskind, sål af naturgummi", "Chrome-free calf, natural rubber sole"),
        _LEATHER_CARE,
        (
            Opinion(
                5,
                "Emil J.",
                Words("Bløde fra start", "Soft from the start"),
                Words("Ingen vabler. Normal i størrelsen.", "No blisters. True to size."),
            ),
            Opinion(
                4,
                "Anna W.",
                Words("Pæne", "Neat"),
                Words(
                    "Hvid bliver hurtigt en historie. Det skal man ville.", "White soon tells a story. You have to want that."
                ),
            ),
        ),
        new=True,
        sold_out=("hvid-36",),
    ),
    Product(
        "torv",
        "shoes",
        "Torv",
        Words("Træsko", "Clogs"),
        Words(
            "Bund af el, overdel i vegetabilsk garvet læder, messingsøm. Lavet i Varde som i 1953.",
            "Alder sole, vegetable-tanned upper, brass nails. Made in Varde the way it was in 1953.",
        ),
        74900,
        ("cognac", "sort", "rosa"),
        _SHOE,
        Words("Elletræ, vegetabilsk garvet læder", "Alder wood, vegetable-tanned leather"),
        _LEATHER_CARE,
        (
            Opinion(
                5,
                "Dorte C.",
                Words("Ryggen siger tak", "My back says thank you"),
                Words("Står op hele dagen. Det her er svaret.", "I stand all day. This is the answer."),
            ),
        ),
    ),
    Product(
        "regn",
        "shoes",
        "Regn",
        Words("Støvler", "Boots"),
        Words(
            "Chelseastøvle i smurt læder med randsyet sål. Til brosten, mark og oktober.",
            "A Chelsea boot in waxed leather with a welted sole. For cobbles, fields and October.",
        ),
        129900,
        ("sort", "cognac"),
        _SHOE,
        Words("Smurt okselæder, randsyet", "Waxed ox leather, Goodyear welted"),
        _LEATHER_CARE,
        (
            Opinion(
                5,
                "Mads E.",
                Words("Tørre sokker", "Dry socks"),
                Words("Gik gennem en hel efterårsferie i regn.", "Walked through a whole wet autumn holiday."),
            ),
            Opinion(
                2,
                "Line Ø.",
                Words("For smalle til mig", "Too narrow for me"),
                Words(
                    "Pæne, men jeg har en bred fod og måtte returnere.", "Handsome, but my feet are wide and they went back."
                ),
            ),
        ),
    ),
    Product(
        "strand",
        "shoes",
        "Strand",
        Words("Sandaler", "Sandals"),
        Words(
            "Krydsede remme, korksål, et spænde af messing. Bedre for hver sommer.",
            "Crossed straps, a cork footbed and one brass buckle. Better every summer.",
        ),
        54900,
        ("cognac", "ecru", "sort"),
        _SHOE,
        Words("Læder, kork, naturgummi", "Leather, cork, natural rubber"),
        _LEATHER_CARE,
        (
            Opinion(
                4,
                "Freja O.",
                Words("Skal gås til", "Need breaking in"),
                Words("Efter en uge sidder de som støbt.", "After a week they fit like a mould."),
            ),
        ),
        before_minor=64900,
    ),
    Product(
        "hede",
        "home",
        "Hede",
        Words("Uldplaid", "Wool throw"),
        Words(
            "Dobbeltvævet plaid med frynser. En side lys, en side mørk, som heden selv.",
            "A double-woven throw with fringes. One side light, one side dark, like the heath itself.",
        ),
        69900,
        ("lyng", "okker", "graa"),
        ("130x180",),
        Words("100 % ny uld", "100 % new wool"),
        _WOOL_CARE,
        (
            Opinion(
                5,
                "Inge-Lise F.",
                Words("Sofaens bedste ven", "The sofa's best friend"),
                Words("Varm uden at veje. Hunden er enig.", "Warm without weight. The dog agrees."),
            ),
        ),
        new=True,
    ),
    Product(
        "eng",
        "home",
        "Eng",
        Words("Pudebetræk", "Cushion cover"),
        Words(
            "Hørpude med broderede græsser. Hver stilk er syet i ét træk.",
            "A linen cushion with embroidered grasses. Each stem is sewn in one stroke.",
        ),
        29900,
        ("ecru", "mos", "hav", "rust"),
        ("50x50", "40x60"),
        Words("Hør med bomuldsbroderi", "Linen with cotton embroidery"),
        _LINEN_CARE,
        (
            Opinion(
                4,
                "Lærke U.",
                Words("Fin detalje", "A fine detail"),
                Words("Broderiet er smukkere end på billedet.", "The embroidery is finer than in the picture."),
            ),
        ),
    ),
    Product(
        "dug",
        "home",
        "Dug",
        Words("Viskestykker, 3 stk.", "Tea towels, set of 3"),
        Words("Halvhør, der suger. Tre slags striber, én strop.", "Half-linen that dries. Three kinds of stripe, one loop."),
        17900,
        ("hav", "rust", "graa"),
        ("50x70",),
        Words("50 % hør, 50 % bomuld", "50 % linen, 50 % cotton"),
        Words("Maskinvask 60°.", "Machine wash 60°."),
        (
            Opinion(
                5,
                "Poul B.",
                Words("De tørrer faktisk", "They actually dry"),
                Words("Glas uden fnug. Har købt til hele familien.", "Glasses without lint. Bought some for the whole family."),
            ),
        ),
    ),
    Product(
        "nat",
        "home",
        "Nat",
        Words("Sengesæt", "Bed linen"),
        Words(
            "Vasket bomuldspercale, køligt om sommeren og aldrig strøget.",
            "Washed cotton percale, cool in summer and never ironed.",
        ),
        84900,
        ("hvid", "rosa", "hav"),
        ("140x200", "140x220"),
        Words("100 % økologisk bomuldspercale", "100 % organic cotton percale"),
        Words("Maskinvask 60°.", "Machine wash 60°."),
        (
            Opinion(
                5,
                "Maja Z.",
                Words("Som på hotel", "Like a hotel"),
                Words("Sprødt og blødt på én gang.", "Crisp and soft at once."),
            ),
        ),
        before_minor=99900,
    ),
)

PRODUCTS: dict[str, Product] = {product.key: product for product in _ALL}
VARIANTS: dict[str, Variant] = {variant.sku: variant for product in _ALL for variant in product.variants}


def of_category(key: str) -> list[Product]:
    """In the order of the shelf."""
    return [product for product in _ALL if product.category == key]


def related(product: Product, count: int) -> list[Product]:
    """The others of its category, then something from elsewhere."""
    same = [other for other in of_category(product.category) if other.key != product.key]
    rest = [other for other in _ALL if other.category != product.category and other.new]
    return (same + rest)[:count]


def matching(query: str, lang: str) -> list[Product]:
    """Products in whose texts every word of the query begins a word or is found whole."""
    words = query.casefold().split()

    def text(product: Product) -> str:
        parts = [product.title(lang), product.text.read(lang), CATEGORIES[product.category].name.read(lang)]
        parts += [product.material.read(lang), *(COLOURS[key].name.read(lang) for key in product.colours)]
        return " ".join(parts).casefold()

    return [product for product in _ALL if words and all(word in text(product) for word in words)]


def shades(code: str) -> dict[str, str]:
    """The four tones a picture is drawn with, from one colour.  Dark cloth reflects less, or it would look like metal."""
    brightness = sum(int(code[i : i + 2], 16) for i in (1, 3, 5)) / (3 * 255)
    return {
        "base": code,
        "shade": _mix(code, "#1f1a1c", 0.16),
        "deep": _mix(code, "#1f1a1c", 0.36),
        "light": _mix(code, "#ffffff", 0.06 + 0.3 * brightness),
    }


def _mix(code: str, other: str, share: float) -> str:
    pairs = [(int(code[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
