"""The start page of the example in a tab, as the person before it sees and uses it."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.browser.tabs import LIMIT

PASSWORDS = {"demo": "demo-password", "operator": "operator-password"}
REFUSED = "Failed to load resource: the server responded with a status of 4"

# Names each text that is harder to read than WCAG 2.2 AA asks for (section 1.4.3).
LOW_CONTRAST = """() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const layers = element => {
        const found = [];
        for (let at = element; at; at = at.parentElement)
            found.unshift(getComputedStyle(at).backgroundColor);
        return found;
    };
    const mixed = colors => {
        canvas.fillStyle = matchMedia('(prefers-color-scheme: dark)').matches ? '#000' : '#fff';
        canvas.fillRect(0, 0, 1, 1);
        for (const color of colors) {
            canvas.fillStyle = color;
            canvas.fillRect(0, 0, 1, 1);
        }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = rgb => {
        const [r, g, b] = rgb.map(c => c / 255)
            .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = element => {
        const ground = layers(element);
        const pair = [mixed(ground), mixed([...ground, getComputedStyle(element).color])];
        const [low, high] = pair.map(luminance).sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const texts = [...document.body.querySelectorAll('*')].filter(element =>
        element.checkVisibility() && !element.matches(':disabled, :disabled *') &&
        [...element.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim()));
    const large = element => parseFloat(getComputedStyle(element).fontSize) >= 24;
    return texts.filter(element => ratio(element) < (large(element) ? 3 : 4.5))
        .map(e => `${e.className || e.tagName} ${ratio(e).toFixed(2)}: ${e.textContent.trim()}`);
}"""


@dataclass
class Console:
    """The page, with all that its browser has complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, context: BrowserContext) -> "Console":
        context.set_default_timeout(LIMIT)
        console = cls(context.new_page())
        console.page.on("console", console._heard)
        console.page.on("pageerror", lambda error: console.complaints.append(str(error)))
        console.page.goto("/")
        return console

    def _heard(self, message: ConsoleMessage) -> None:
        # That the server refuses is what the page is there to show.
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED):
            self.complaints.append(f"{message.text} {message.location}")

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def log_in(self, username: str = "demo", transport: str = "header") -> None:
        self.find(f"[data-username={username}]").click()
        self.find(f"input[value={transport}]").check()
        self.button("Log in").click()
        self.is_in(username)

    def is_in(self, username: str = "demo") -> None:
        expect(self.find("#who-name")).to_have_text(username, timeout=LIMIT)
        expect(self.find("#token-claims")).to_contain_text("sid", timeout=LIMIT)

    def is_out(self) -> None:
        expect(self.find("#login")).to_be_visible(timeout=LIMIT)
        expect(self.find("#token")).to_be_hidden()

    def says(self, selector: str, *texts: str) -> None:
        """Wait until a message reads so."""
        for text in texts:
            expect(self.find(selector)).to_contain_text(text, timeout=LIMIT)

    def claim(self, name: str, part: str = "claims") -> str:
        """Return what the token says, as the page shows it."""
        return self.find(f"#token-{part} div:has(dt:text-is('{name}')) code").inner_text()

    @property
    def is_too_wide(self) -> bool:
        """Whether a phone would have to scroll sideways."""
        self.page.set_viewport_size({"width": 360, "height": 740})
        wide: bool = self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        return wide

    def low_contrasts(self, scheme: str) -> list[str]:
        """Return the texts that are hard to read in this colour scheme."""
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        found: list[str] = self.page.evaluate(LOW_CONTRAST)
        return found
