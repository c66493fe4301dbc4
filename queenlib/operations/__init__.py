"""Operations: async generators that yield what happens and, last, a result. No HTTP, no registry, no job id."""
