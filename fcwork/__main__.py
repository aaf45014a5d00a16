"""``python -m fcwork`` is ``fcwork``."""

from fcwork.cli import main

if __name__ == "__main__":
    main()
