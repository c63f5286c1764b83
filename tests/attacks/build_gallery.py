"""Write the gallery of malicious model files to a folder, for a look at them or for other tools.

Run: python tests/attacks/build_gallery.py FOLDER. The code in them would create FOLDER/MARKER, an
empty file, and does nothing else.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from crafted.gallery import GALLERY, build_gallery


def main() -> None:
    """Entry point."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    build_gallery(folder, folder.resolve() / "MARKER")
    print(f"{len(GALLERY)} files in {folder}")


if __name__ == "__main__":
    main()
